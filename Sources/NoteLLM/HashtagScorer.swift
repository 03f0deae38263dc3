import Foundation
import Tensors

/// A hashtag that a model version gives to a note.
public struct ScoredHashtag: Sendable, Equatable {
    /// The hashtag as authors write it.
    public let tag: String
    /// About the probability that the note's author would give it.
    public let score: Double

    /// A hashtag and its score.
    public init(tag: String, score: Double) {
        self.tag = tag
        self.score = score
    }
}

/// Scores every known hashtag for a note by a linear head on the pooled state, a lexical ridge, and a bonus for the tag's
/// words in the title and in the content, mixed with weights found on notes that the parts had not seen. The best of them
/// may then be weighed by the language model, where that was found to help.
package struct HashtagScorer: Sendable {
    /// The vocabulary, sorted by bytes.
    package let tags: [String]
    /// Share of training notes with each hashtag; both regressions predict the distance from it.
    let shares: [Float]
    /// Hashtags × width, over the standardised state.
    let linear: Matrix<Float>
    let lexical: LexicalRidge
    let mentions: TagMentions
    package var mix: HashtagMix

    package static let maximumTags = 1_000
    /// How many hashtags a note gets at most.
    package static let maximumPerNote = 5
    /// How many of the best hashtags the language model weighs.
    package static let weighed = 12

    /// One score per hashtag of the vocabulary, by all parts but the language model.
    func scores(standardised state: [Float], text: NoteText) -> [Float] {
        var scores = linear.times(state)
        let (linearWeight, lexicalWeight) = (Float(mix.linear), Float(mix.lexical))
        for tag in scores.indices {
            scores[tag] = linearWeight * (scores[tag] + shares[tag]) + lexicalWeight * shares[tag]
        }
        lexical.add(lexicalWeight, of: text, to: &scores)
        for tag in mentions.mentioned(in: text.title) {
            scores[tag] += Float(mix.title) * mentions.titlePrecisions[tag]
        }
        for tag in mentions.mentioned(in: text.content) {
            scores[tag] += Float(mix.content) * mentions.contentPrecisions[tag]
        }
        return scores
    }

    /// The hashtags that the language model is to weigh, best first, by their place in the vocabulary.
    package func candidates(standardised state: [Float], text: NoteText) -> [Int] {
        Self.largest(scores(standardised: state, text: text), Self.weighed)
    }

    /// The best hashtags, best first; equal scores in the vocabulary's order.
    ///
    /// - Parameter likelihoods: the log-likelihood of each of the ``candidates(standardised:text:)``; nil: left out.
    package func best(standardised state: [Float], text: NoteText, likelihoods: [Double]? = nil) -> [ScoredHashtag] {
        var scores = scores(standardised: state, text: text)
        if let likelihoods, mix.generation > 0 {
            let candidates = Self.largest(scores, Self.weighed)
            precondition(likelihoods.count == candidates.count, "one likelihood per candidate")
            for (tag, share) in zip(candidates, Self.shares(of: likelihoods)) {
                scores[tag] += Float(mix.generation * share)
            }
        }
        return Self.largest(scores, Self.maximumPerNote).filter { scores[$0] > 0 }
            .map { ScoredHashtag(tag: tags[$0], score: Double(scores[$0])) }
    }

    /// What the language model says of candidates: each one's share of the probability that it gives to all of them.
    package static func shares(of likelihoods: [Double]) -> [Double] {
        let total = LogSum.of(likelihoods)
        return likelihoods.map { exp($0 - total) }
    }

    /// The positions of the `count` largest scores, largest first, the earlier of equals first.
    package static func largest<Score: Comparable>(_ scores: [Score], _ count: Int) -> [Int] {
        var best: [Int] = []
        for position in scores.indices {
            let place = best.firstIndex { scores[position] > scores[$0] } ?? best.count
            guard place < count else { continue }
            best.insert(position, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}

extension ModelVersion {
    /// The best hashtags of a note, best first, with its parts mixed otherwise than the version does: to judge each alone.
    package func hashtags(pooled: [Float], text: NoteText, mix: HashtagMix) -> [String] {
        guard var scorer else { return [] }
        scorer.mix = mix
        return scorer.best(standardised: standardiser.standardised(pooled), text: text).map(\.tag)
    }
}

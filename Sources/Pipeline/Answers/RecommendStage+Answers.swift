import NoteLLM
import Ranking
import Schemas
import StateStore
import VectorIndex

/// What others ask of the stage, answered between two batches from the state as it stands.
extension RecommendStage {
    /// A category with more notes than this is searched, not compared note by note.
    private static let smallCategory = 20_000
    /// Candidates of a list with diversity, at most.
    private static let mostDiversified = 2_000

    /// A list made to order; nil where no such note is alive.
    package func list(of note: [UInt8], _ request: ListRequest, in reader: some StateReader) throws -> MadeList? {
        guard let label = notes.label(of: note) else { return nil }
        let items = try items(relatedTo: label, request, in: reader)
        guard request.isNext else { return made(items) }
        return made(
            try next(after: items, leavingOut: [note], request, in: reader) { [self] others in
                try textFeatures(of: others, for: label)
            })
    }

    /// What may interest a user who touched these notes, the last one first.
    package func list(forWhoTouched touched: [[UInt8]], _ request: ListRequest, in reader: some StateReader) throws
        -> MadeList
    {
        let lists = try touched.prefix(10).compactMap { note in
            try notes.label(of: note).map { try items(relatedTo: $0, request, in: reader) }
        }
        let merged = ForUser.merge(lists, excluding: Set(touched))
        return made(try next(after: merged, leavingOut: Set(touched), request, in: reader))
    }

    /// The notes nearest to a text: by its embedding under the serving version, and by its words.
    package func search(_ vector: [Float], terms: [String], _ request: ListRequest) throws -> MadeList {
        var found = Set(among(request.category) ?? [])
        if found.isEmpty {
            found.formUnion(try vectors.search(vector, count: configuration.candidates).map(\.label))
            found.formUnion(lexicon.search(terms, count: configuration.candidates).map(\.label))
        }
        let candidates = found.sorted()
        let scores = lexicon.score(terms, candidates)
        let own = lexicon.ownScore(of: terms)
        let ranked = try zip(candidates, scores).compactMap { label, score -> RelatedCandidate? in
            guard let note = notes[label] else { return nil }
            return RelatedCandidate(
                label: label, note: note.id,
                features: RelatedFeatures(
                    cosine: Double(try vectors.similarity(vector, label) ?? 0),
                    lexical: RelatedFeatures.lexicalShare(score: score, ownScore: own)))
        }
        return made(rank(ranked, request))
    }

    /// The ids of the newest notes, newest first.
    package func newest(_ count: Int) -> [[UInt8]] {
        var newest: [NoteTable.Note] = []
        var oldest = Int64.min
        notes.forEach { _, note in
            guard newest.count < count || note.created > oldest else { return }
            newest.append(note)
            guard newest.count >= 2 * count + 16 else { return }
            newest.sort(by: NoteTable.Note.isNewer)
            newest.removeSubrange(count...)
            oldest = newest[count - 1].created
        }
        newest.sort(by: NoteTable.Note.isNewer)
        return newest.prefix(count).map(\.id)
    }

    /// What is new and busy in a category, or in all of them.
    package func trendingRecord(_ category: String?) -> Schemas.Trending {
        let key = category.map { Array($0.utf8) } ?? TrendingBoard.everything
        return Schemas.Trending(
            category: String(decoding: key, as: UTF8.self), version: version.id,
            time: Timestamp(milliseconds: latestTime),
            notes: trending.select(key, size: configuration.trendingSize).map(TrendingNote.init))
    }

    /// Some notes with their embeddings: all of them, or every n-th.
    package func sample(_ count: Int) -> NoteSample {
        var sample = NoteSample(version: version.id)
        let step = max(1, (notes.count + count - 1) / max(1, count))
        var index = 0
        notes.forEach { label, note in
            if index % step == 0, let vector = vectors.vector(label) {
                sample.notes.append(.init(note: note.id, category: note.category, vector: vector))
            }
            index += 1
        }
        return sample
    }

    // MARK: - Parts

    private func made(_ items: [RankedNote]) -> MadeList {
        MadeList(version: version.id, time: latestTime, items: items)
    }

    private func items(
        relatedTo label: UInt32, _ request: ListRequest, in reader: some StateReader
    ) throws -> [RankedNote] {
        rank(try candidates(for: label, among: among(request.category), in: reader).found, request)
    }

    private func rank(_ candidates: [RelatedCandidate], _ request: ListRequest) -> [RankedNote] {
        let wanted = candidates.filter { candidate in
            request.category.map { notes[candidate.label]?.category == $0 } ?? true
        }
        let weights = serving.relatedWeights
        let diversity = request.diversity ?? configuration.diversity
        guard diversity > 0 else { return RelatedRanker.rank(wanted, weights: weights, count: request.count) }
        // Each place is weighed against all before it: only those are let in that may come to one.
        let best = Set(
            RelatedRanker.rank(wanted, weights: weights, count: min(4 * request.count + 100, Self.mostDiversified))
                .map(\.label))
        return RelatedRanker.rank(
            wanted.filter { best.contains($0.label) }, weights: weights, count: request.count, diversity: diversity
        ) { [vectors] in Double(vectors.similarity($0, $1) ?? 0) }
    }

    /// The notes of a category, where there are few enough to compare with each.
    private func among(_ category: String?) -> [UInt32]? {
        guard let category else { return nil }
        var labels: [UInt32] = []
        notes.forEach { label, note in if note.category == category { labels.append(label) } }
        return labels.count <= Self.smallCategory ? labels : nil
    }

    /// Joins a list with what is new and busy, by the serving version's weights for it.
    private func next(
        after items: [RankedNote], leavingOut: Set<[UInt8]>, _ request: ListRequest, in reader: some StateReader,
        features: ([UInt32]) throws -> [RelatedFeatures] = { $0.map { _ in RelatedFeatures() } }
    ) throws -> [RankedNote] {
        let everything = trending.select(TrendingBoard.everything, size: configuration.trendingSize)
        let entries =
            request.category.map { trending.select(Array($0.utf8), size: configuration.trendingSize) } ?? everything
        let labels = entries.compactMap { notes.label(of: $0.note) }
        let pairs = Dictionary(
            zip(labels.compactMap { notes[$0]?.id }, try features(labels)), uniquingKeysWith: { first, _ in first })
        let states = try items.reduce(into: [[UInt8]: NoteState]()) { states, item in
            guard let note = notes[id: item.note] else { return }
            states[item.note] = NoteState(created: note.created, try activity(of: item.note, in: reader))
        }
        let joined = Next.join(
            list: items.map { ($0.note, $0.features) }, trending: entries, excluding: [], state: { states[$0] },
            features: { pairs[$0] }
        ).filter { !leavingOut.contains($0.note) }
        return Next.rank(
            joined,
            NextContext(
                trending: everything, excluding: leavingOut.count == 1 ? leavingOut.first : nil, now: latestTime),
            weights: NextWeights(version.manifest.listWeights[NextWeights.name] ?? [:]), count: request.count)
    }
}

/// Some notes with their embeddings.
package struct NoteSample: Sendable {
    package struct Entry: Sendable {
        package var note: [UInt8]
        package var category: String
        /// Length 1.
        package var vector: [Float]
    }

    package var version: String
    package var notes: [Entry] = []
}

extension NoteTable.Note {
    fileprivate static func isNewer(_ a: Self, _ b: Self) -> Bool {
        a.created != b.created ? a.created > b.created : a.id.lexicographicallyPrecedes(b.id)
    }
}

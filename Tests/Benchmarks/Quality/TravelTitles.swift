import Evaluation
import Foundation
import NoteLLM
import Tensors

/// Titles, and the links that people made between them: the cleanest label at hand of two notes that belong together.
///
/// Reading, training's length and blend are chosen on the links of six months behind those trained on; then everything is
/// fitted again with those months, and the duplicates that people found later are judged, once.
struct TravelTitles {
    /// One line of `links.tsv`.
    struct Link {
        /// As it is written: times of one format order as texts do.
        let time: String
        let source: Int
        let target: Int
        let isDuplicate: Bool

        var pair: TrainingPair { TrainingPair(source: source, target: target) }
        var query: RetrievalQuery { RetrievalQuery(note: source, target: target) }
        /// The same for both directions.
        var ends: Set<Int> { [source, target] }
    }

    /// From here on links choose; before, they train.
    static let choosing = "2016-03-01"
    /// From here on links judge; before, they choose.
    static let judging = "2016-09-01"

    let notes: [LoggedNote]
    /// In order of time.
    let links: [Link]

    init(notes: [LoggedNote], links: [Link]) {
        self.notes = notes
        self.links = links
    }

    /// Reads `notes.jsonl` and `links.tsv`.
    init(folder: URL) throws {
        let notes = try LogFiles.notes(at: folder.appending(path: "notes.jsonl").path)
        let numbers = Dictionary(uniqueKeysWithValues: notes.enumerated().map { ($1.id, $0) })
        let lines = try String(contentsOf: folder.appending(path: "links.tsv"), encoding: .utf8)
            .split(separator: "\n").dropFirst()
        let links = lines.compactMap { line -> Link? in
            let fields = line.split(separator: "\t").map(String.init)
            guard fields.count == 4, let source = numbers[Array(fields[1].utf8)],
                let target = numbers[Array(fields[2].utf8)], source != target
            else { return nil }
            return Link(time: fields[0], source: source, target: target, isDuplicate: fields[3] == "duplicate")
        }
        self.init(notes: notes, links: links.sorted { $0.time < $1.time })
    }

    var texts: [NoteText] { notes.map { NoteText(title: $0.title) } }

    /// What can be known before `time`, and the duplicates found from then until `end` whose pair was not linked before.
    func split(at time: String, until end: String?) -> (training: [TrainingPair], queries: [RetrievalQuery]) {
        let before = links.filter { $0.time < time }
        let known = Set(before.map(\.ends))
        let later = links.filter { link in link.time >= time && (end.map { link.time < $0 } ?? true) }
        // A pair linked twice is one pair to learn from.
        var seen: Set<Set<Int>> = []
        return (
            before.filter { seen.insert($0.ends).inserted }.map(\.pair),
            later.filter { $0.isDuplicate && !known.contains($0.ends) }.map(\.query)
        )
    }

    /// How many titles were there before `time`: the closed-form fits see no later one.
    func known(before time: String) -> [Int] {
        guard let limit = LogFiles.milliseconds(time + "T00:00:00") else { return Array(notes.indices) }
        return notes.indices.filter { notes[$0].created < limit }
    }

    /// A smaller corpus for choosing: every title that the chosen-on links name, and titles linked before, drawn by seed, up
    /// to `count`. Links with both ends in it stay, none from `judging` on.
    func sample(_ count: Int, seed: UInt64) -> TravelTitles {
        var kept = Set(
            links.filter { $0.time >= Self.choosing && $0.time < Self.judging }.flatMap { [$0.source, $0.target] })
        var random = SplitMix64(seed: seed)
        let linked = Set(links.filter { $0.time < Self.choosing }.flatMap { [$0.source, $0.target] })
        for note in linked.subtracting(kept).sorted().shuffled(using: &random).prefix(max(0, count - kept.count)) {
            kept.insert(note)
        }
        let order = kept.sorted()
        let numbers = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        return TravelTitles(
            notes: order.map { notes[$0] },
            links: links.compactMap { link in
                guard link.time < Self.judging, let source = numbers[link.source], let target = numbers[link.target]
                else { return nil }
                return Link(time: link.time, source: source, target: target, isDuplicate: link.isDuplicate)
            })
    }
}

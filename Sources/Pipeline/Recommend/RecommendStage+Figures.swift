import Foundation
import VectorIndex

/// What the stage counts of itself.
extension RecommendStage {
    /// How long the arrival of a note that nobody here has to answer is remembered: its partition may be on its way.
    private static let arrivalMemory: Int64 = 600_000

    /// Remembers when a note arrived, until its list goes out. Read anew, the table tells of arrivals of long ago too.
    func noteArrival(of note: [UInt8], _ origin: Origin?) {
        origins[note] = origin.flatMap { isOwn(note) || isRecent($0) ? $0 : nil }
    }

    private func isOwn(_ note: [UInt8]) -> Bool { owns(partition(of: note)) }

    private func isRecent(_ origin: Origin) -> Bool {
        (origin.posted ?? 0) > Int64(Date().timeIntervalSince1970 * 1_000) - Self.arrivalMemory
    }

    package func figures() -> [StageFigure] {
        origins = origins.filter { isOwn($0.key) || isRecent($0.value) }
        recall.sample(from: self)
        var figures = [
            StageFigure(
                name: "index_notes", kind: .gauge, help: "Living notes in the index.", value: Double(notes.count)),
            StageFigure(
                name: "lists_sent_total", kind: .counter, help: "Lists of related notes sent.", value: Double(listsSent)
            ),
        ]
        if let share = recall.share {
            figures.append(
                StageFigure(
                    name: "index_recall", kind: .gauge,
                    help: "recall@10 of the vector index against exact search, over its last 64 samples.", value: share)
            )
        }
        return figures
    }
}

/// How well the vector index does at the moment: a note at a time, its neighbours searched and compared with all others.
struct RecallSamples {
    private static let neighbours = 10
    private static let most = 64
    /// Cosines that differ by less are equal.
    private static let tolerance: Float = 1e-4
    private var samples: [Double] = []
    private var due = ContinuousClock.now

    /// The mean; nil before the first sample, and where there are too few notes to ask.
    var share: Double? { samples.isEmpty ? nil : samples.reduce(0, +) / Double(samples.count) }

    /// Takes a sample when the stage has nothing else to do, for at most half a per cent of its time.
    mutating func sample(from stage: RecommendStage) {
        let began = ContinuousClock.now
        guard began >= due, stage.backlog == 0, stage.notes.count > Self.neighbours else { return }
        guard let label = Self.anyLabel(of: stage.notes), let vector = stage.vectors.vector(label),
            let exact = try? stage.vectors.exactSearch(vector, count: Self.neighbours, excluding: label),
            let found = try? stage.vectors.search(vector, count: Self.neighbours, excluding: label),
            let worst = exact.last?.similarity
        else { return }
        // Which of several equals is found does not matter; embeddings of few notes may all be equally far from each other.
        samples.append(Double(found.count { $0.similarity >= worst - Self.tolerance }) / Double(exact.count))
        if samples.count > Self.most { samples.removeFirst() }
        due = .now + max(.seconds(1), (ContinuousClock.now - began) * 200)
    }

    private static func anyLabel(of notes: NoteTable) -> UInt32? {
        for _ in 0..<16 {
            let label = UInt32.random(in: 0..<UInt32(notes.capacity))
            if notes[label] != nil { return label }
        }
        return nil
    }
}

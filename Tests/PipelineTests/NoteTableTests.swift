import Pipeline
import Support
import Testing

@Suite("Notes by label, notes that wait")
struct NoteTableTests {
    static func note(_ id: [UInt8], _ hash: Int) -> NoteTable.Note {
        NoteTable.Note(id: id, contentHash: "\(hash)", created: 0, category: "", hashtags: [])
    }

    @Test("the table holds what a dictionary holds, labels are dense and nobody's twice", arguments: 1...20)
    func table(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = NoteTable()
        var model: [[UInt8]: (label: UInt32, hash: String)] = [:]
        for step in 0..<400 {
            let id = bytes("n\(Int.random(in: 0..<40, using: &random))")
            if Int.random(in: 0..<3, using: &random) == 0 {
                #expect(table.remove(id) == model[id]?.label)
                model[id] = nil
            } else {
                let label = table.label(of: id) ?? table.nextLabel
                table.insert(Self.note(id, step), at: label)
                if let known = model[id] { #expect(known.label == label) }
                model[id] = (label, "\(step)")
            }
            #expect(table.count == model.count)
            #expect(table.capacity <= 40)
            #expect(Set(model.values.map(\.label)).count == model.count)
        }
        for (id, known) in model {
            #expect(table.label(of: id) == known.label)
            #expect(table[known.label]?.id == id)
            #expect(table[id: id]?.contentHash == known.hash)
        }
        var visited: [UInt32] = []
        table.forEach { label, _ in visited.append(label) }
        #expect(visited == model.values.map(\.label).sorted())
    }

    @Test("labels loaded in any order leave their gaps free, and only those", arguments: 1...20)
    func loading(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let labels = Set((0..<30).map { _ in UInt32.random(in: 0..<50, using: &random) })
        var table = NoteTable()
        for label in labels.shuffled(using: &random) { table.insert(Self.note(bytes("\(label)"), 0), at: label) }
        let gaps = Set(0..<UInt32(table.capacity)).subtracting(labels)
        var filled: Set<UInt32> = []
        for number in gaps.indices.enumerated().map(\.offset) {
            let label = table.nextLabel
            #expect(filled.insert(label).inserted)
            table.insert(Self.note(bytes("new \(number)"), 0), at: label)
        }
        #expect(filled == gaps)
        #expect(table.nextLabel == UInt32(table.capacity))
    }

    @Test("another note at a label takes the place of the old one")
    func replacing() {
        var table = NoteTable()
        table.insert(Self.note(bytes("a"), 0), at: 0)
        table.insert(Self.note(bytes("b"), 0), at: 0)
        #expect(table.count == 1)
        #expect(table.label(of: bytes("a")) == nil)
        #expect(table.label(of: bytes("b")) == 0)
    }

    @Test("the queue is a list without repeats", arguments: 1...20)
    func queue(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = NoteQueue()
        var model: [[UInt8]] = []
        for _ in 0..<6_000 {
            let note = bytes("n\(Int.random(in: 0..<60, using: &random))")
            switch Int.random(in: 0..<200, using: &random) {
            case 0..<100:
                queue.insert(note)
                if !model.contains(note) { model.append(note) }
            case 100..<150:
                queue.remove(note)
                model.removeAll { $0 == note }
            case 150..<198:
                for note in queue.first(3, where: { _ in true }) { queue.remove(note) }
                model.removeFirst(min(3, model.count))
            case 198:
                queue.removeAll { $0.last == 0x33 }
                model.removeAll { $0.last == 0x33 }
            default:
                queue.removeAll()
                model = []
            }
            #expect(queue.count == model.count)
            #expect(queue.isEmpty == model.isEmpty)
            #expect(queue.contains(note) == model.contains(note))
            #expect(queue.first(5) { $0.count == 3 } == Array(model.filter { $0.count == 3 }.prefix(5)))
        }
        #expect(queue.first(100) { _ in true } == model)
    }
}

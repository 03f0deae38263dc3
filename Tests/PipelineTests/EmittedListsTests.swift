import Pipeline
import Schemas
import StateStore
import Support
import Testing

@Suite("Lists as last sent")
struct EmittedListsTests {
    /// What the families hold, plainly.
    struct Model {
        struct Place: Hashable {
            var partition: Int32
            var note: [UInt8]
        }
        var lists: [Place: [[UInt8]]] = [:]
        var awaited: [Place: Set<[UInt8]>] = [:]
        var due: Set<Place> = []

        func mentioning(_ note: [UInt8]) -> Set<Place> {
            Set(lists.filter { $0.value.contains(note) }.keys)
        }

        mutating func stopAwaiting(_ note: [UInt8]) -> Set<Place> {
            let found = Set(awaited.filter { $0.value.contains(note) }.keys)
            for place in found { awaited[place]?.remove(note) }
            awaited = awaited.filter { !$0.value.isEmpty }
            return found
        }
    }

    @Test("equal to a plain model, in and behind a batch, with wipes and discards", arguments: 1...8)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path + "/store", families: EmittedLists.families)
        // Ids that are prefixes of others, and one with a zero byte, must not be taken for them.
        let ids = ["a", "aa", "a\0", "b", "ba", ""].map { bytes($0 + "") }.filter { !$0.isEmpty } + [bytes("c")]
        var committed = Model()
        var model = committed
        var batch = store.makeBatch()
        for _ in 0..<300 {
            let note = try #require(ids.randomElement(using: &random))
            let other = try #require(ids.randomElement(using: &random))
            let partition = Int32.random(in: 0..<2, using: &random)
            let place = Model.Place(partition: partition, note: note)
            switch Int.random(in: 0..<11, using: &random) {
            case 0, 1:
                let items = ids.shuffled(using: &random).prefix(3)
                let list = RecommendationList(
                    note: text(note), version: "v", items: items.map { RecommendedNote(note: text($0), score: 1) })
                try EmittedLists.keep(list, of: note, partition, in: batch)
                model.lists[place] = Array(items)
            case 2:
                try EmittedLists.forget(note, partition, in: batch)
                model.lists[place] = nil
            case 3, 4:
                let absent = ids.shuffled(using: &random).prefix(Int.random(in: 0..<4, using: &random))
                try EmittedLists.await(Array(absent), for: note, partition, in: batch)
                model.awaited[place] = absent.isEmpty ? nil : Set(absent)
            case 5:
                let found = try EmittedLists.stopAwaiting(other, in: batch).map(Model.Place.init)
                let expected = model.stopAwaiting(other)
                #expect(Set(found) == expected && found.count == expected.count)
            case 6:
                try EmittedLists.markDue(note, partition, in: batch)
                model.due.insert(place)
            case 7:
                try EmittedLists.clearDue(note, partition, in: batch)
                model.due.remove(place)
            case 8 where Int.random(in: 0..<4, using: &random) == 0:
                try EmittedLists.wipe(partition, in: batch)
                model.lists = model.lists.filter { $0.key.partition != partition }
                model.awaited = model.awaited.filter { $0.key.partition != partition }
                model.due = model.due.filter { $0.partition != partition }
            case 9:
                try batch.commit()
                batch = store.makeBatch()
                committed = model
            case 10 where Int.random(in: 0..<3, using: &random) == 0:
                batch.discard()
                batch = store.makeBatch()
                model = committed
            default: break
            }
            try check(model, batch, ids)
        }
        // Of partitions that are wiped nothing is left, in any family.
        for partition in 0..<Int32(2) { try EmittedLists.wipe(partition, in: batch) }
        for family in EmittedLists.families { #expect(try batch.rows(family.name) == 0, "\(family.name)") }
    }

    private func check(_ model: Model, _ batch: Batch, _ ids: [[UInt8]]) throws {
        for partition in 0..<Int32(2) {
            let due = try EmittedLists.due(of: partition, in: batch)
            #expect(
                due
                    == model.due.filter { $0.partition == partition }.map(\.note).sorted {
                        $0.lexicographicallyPrecedes($1)
                    })
            var lists: [[UInt8]: [[UInt8]]] = [:]
            try EmittedLists.forEach(of: partition, in: batch) { note, list in
                lists[note] = list.items.map { bytes($0.note) }
            }
            for id in ids {
                let expected = model.lists[Model.Place(partition: partition, note: id)]
                #expect(lists[id] == expected)
                #expect(try EmittedLists.last(of: id, partition, in: batch)?.items.map { bytes($0.note) } == expected)
                let absent = try EmittedLists.absentees(of: id, partition, in: batch)
                #expect(Set(absent) == model.awaited[Model.Place(partition: partition, note: id)] ?? [])
            }
        }
        #expect(try batch.rows("awaited") == model.awaited.values.reduce(0) { $0 + $1.count })
        #expect(try batch.rows("waiting") == model.awaited.count)
        for id in ids {
            let found = try EmittedLists.mentioning(id, in: batch)
            #expect(Set(found.map(Model.Place.init)) == model.mentioning(id))
            #expect(found.count == model.mentioning(id).count)
        }
    }
}

extension EmittedListsTests.Model.Place {
    init(_ pair: (Int32, [UInt8])) { self.init(partition: pair.0, note: pair.1) }
}

extension StateReader {
    /// How many rows a family of the lists' has.
    func rows(_ name: String) throws -> Int {
        let family = try #require(EmittedLists.families.first { $0.name == name })
        var count = 0
        try scan(family) { _, _ throws(StoreError) in
            count += 1
            return true
        }
        return count
    }
}

import CoOccurrence
import StateStore
import Support
import Testing

/// Single events, by hand: outcomes, deltas, refusals.
@Suite struct WindowTests {
    static let hour: Int64 = 3_600_000
    let disk: Disk
    let windows: ClickWindows
    let settings: WindowSettings

    init() throws {
        settings = try WindowSettings(bucketMilliseconds: Self.hour, windowBuckets: 2, cap: 3, idleMilliseconds: 60_000)
        disk = try Disk()
        windows = ClickWindows(partition: 3, settings: settings)
    }

    private func click(_ user: String, _ note: String, _ time: Int64) -> ClickEvent {
        .click(user: Array(user.utf8), note: Array(note.utf8), time: time)
    }

    private func apply(_ event: ClickEvent, _ batch: Batch, _ deltas: inout WindowDeltas) throws -> ClickOutcome {
        if let time = event.time {
            #expect(try windows.runTimers(due: time, limit: 100, in: batch, into: &deltas).isFinished)
        }
        return try windows.apply(event, in: batch, into: &deltas)
    }

    private func describe(_ deltas: WindowDeltas) -> [String] {
        var lines: [String] = []
        let text = { (id: [UInt8]) in String(decoding: id, as: UTF8.self) }
        deltas.forEachPairs { source, bucket, targets in
            let list = targets.map { note, delta in
                "\(text(note)) \(Double(delta.score) / Double(PairScore.one)) of \(delta.users)"
            }
            lines.append("\(text(source))@\(bucket): " + list.joined(separator: ", "))
        }
        deltas.forEachActivity { note, hour, delta in lines.append("\(text(note))@\(hour) \(delta)") }
        return lines
    }

    @Test func outcomesAndDeltas() throws {
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        #expect(try windows.streamTime(in: batch) == nil)
        #expect(try apply(click("u", "b", 10), batch, &deltas) == .counted)
        #expect(deltas.crossedBucket && deltas.streamTime == 10)
        #expect(try apply(click("u", "a", 20), batch, &deltas) == .counted)
        #expect(describe(deltas) == ["b@0: a 0.5 of 1", "a@0 1", "b@0 1"])
        deltas.removeAll()
        #expect(try apply(click("u", "a", 20), batch, &deltas) == .repeated)
        #expect(try apply(click("u", "b", 5), batch, &deltas) == .repeated)
        #expect(deltas.isEmpty && !deltas.crossedBucket)
        // The same note later: the pair turns round.
        #expect(try apply(click("u", "b", 30), batch, &deltas) == .counted)
        #expect(describe(deltas) == ["a@0: b 0.5 of 1", "b@0: a -0.5 of -1"])
        deltas.removeAll()
        #expect(try apply(click("u", "c", 40), batch, &deltas) == .counted)
        #expect(try apply(click("u", "0", 1), batch, &deltas) == .overCap)
        deltas.removeAll()
        #expect(try apply(.tick(time: 3 * Self.hour), batch, &deltas) == .ticked)
        #expect(try apply(click("u", "z", Self.hour), batch, &deltas) == .late)
        #expect(describe(deltas).isEmpty && deltas.crossedBucket)
        #expect(try windows.streamTime(in: batch) == 3 * Self.hour)
    }

    @Test func forgettingTakesEverythingBack() throws {
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        for (index, note) in ["a", "b", "c", "d"].enumerated() {
            _ = try apply(click("u", note, Int64(index)), batch, &deltas)
        }
        #expect(!describe(deltas).isEmpty)
        #expect(try apply(.forget(user: Array("u".utf8)), batch, &deltas) == .forgotten)
        #expect(try apply(.forget(user: Array("nobody".utf8)), batch, &deltas) == .forgotten)
        #expect(describe(deltas).isEmpty)
        var users = 0
        try windows.forEachUser(in: batch) { _ in users += 1 }
        #expect(users == 0)
    }

    @Test func refusesAnEventBeforeItsTimers() throws {
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        for (index, note) in ["a", "b", "c"].enumerated() {
            _ = try apply(click("u", note, Int64(index)), batch, &deltas)
        }
        let error = #expect(throws: StoreError.self) {
            try windows.apply(.tick(time: 5 * Self.hour), in: batch, into: &deltas)
        }
        #expect(error?.kind == .invalidArgument)
    }

    /// Schemas bound times, but no time may stop the stage.
    @Test func farTimesAreHarmless() throws {
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        for (index, time) in [Int64.min, -1, Int64.max - 1, 0].enumerated() {
            _ = try apply(click("u", "a\(index)", time), batch, &deltas)
            _ = try apply(click("u", "b\(index)", time), batch, &deltas)
        }
        #expect(try windows.streamTime(in: batch) == Int64.max - 1)
        #expect(!describe(deltas).isEmpty)
    }

    @Test func partitionsAreWipedAlone() throws {
        let other = ClickWindows(partition: 4, settings: settings)
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        _ = try windows.apply(click("u", "a", 1), in: batch, into: &deltas)
        _ = try other.apply(click("u", "a", 2), in: batch, into: &deltas)
        try batch.commit()
        try windows.wipe(in: batch)
        #expect(try windows.streamTime(in: batch) == nil)
        try batch.commit()
        #expect(try windows.streamTime(in: disk.store) == nil)
        #expect(try other.streamTime(in: disk.store) == 2)
        for family in ClickWindows.families {
            try disk.store.scan(family) { key, _ throws(StoreError) in
                var reader = KeyReader(key)
                #expect(try reader.uint32() == 4)
                return true
            }
        }
    }

    @Test func pairRowsDropBucketsAndSayWhoseRowsChanged() throws {
        let rows = PairRows(partition: 0, settings: settings)
        let batch = disk.store.makeBatch()
        func sum(_ score: Int64, of users: Int64 = 1) -> PairSum { PairSum(score: score, users: users) }
        let (a, b, c) = (Array("a".utf8), Array("b".utf8), Array("c".utf8))
        #expect(try rows.advance(to: 0, in: batch).isEmpty)
        #expect(try rows.apply(source: a, bucket: 0, targets: [(b, sum(5)), (c, sum(2))], in: batch) == .applied)
        #expect(try rows.advance(to: Self.hour, in: batch).isEmpty)
        #expect(try rows.apply(source: a, bucket: 1, targets: [(b, sum(7))], in: batch) == .applied)
        #expect(try rows.apply(source: c, bucket: 1, targets: [(b, sum(1))], in: batch) == .applied)
        #expect(try rows.row(a, in: batch).map(\.sum) == [sum(12, of: 2), sum(2)])
        try batch.commit()
        #expect(try rows.advance(to: 2 * Self.hour, in: batch) == [a])
        #expect(try rows.row(a, in: batch).map(\.sum) == [sum(7)])
        #expect(try rows.apply(source: a, bucket: 0, targets: [(b, sum(5))], in: batch) == .expired)
        #expect(try rows.advance(to: Self.hour, in: batch).isEmpty)
        #expect(try rows.streamTime(in: batch) == 2 * Self.hour)
        #expect(try rows.advance(to: 900 * Self.hour, in: batch) == [a, c])
        #expect(try rows.row(a, in: batch).isEmpty)
    }

    @Test func settingsAreChecked() {
        #expect(throws: WindowSettingsError.self) { try WindowSettings(bucketMilliseconds: 5_000_000) }
        #expect(throws: WindowSettingsError.self) { try WindowSettings(windowBuckets: 0) }
        #expect(throws: WindowSettingsError.self) { try WindowSettings(cap: 1) }
        #expect(throws: WindowSettingsError.self) { try WindowSettings(idleMilliseconds: 0) }
        #expect(try! WindowSettings() == .standard)
    }

    /// Rows of any log survive their bytes; cut or foreign bytes are refused, not read wrongly.
    @Test func damagedRowsAreRefused() throws {
        let batch = disk.store.makeBatch()
        var deltas = WindowDeltas()
        for (index, note) in ["a", "bb", "ccc"].enumerated() {
            _ = try apply(click("u", note, Int64(index)), batch, &deltas)
        }
        let family = ClickWindows.families[0]
        var stored: (key: [UInt8], value: [UInt8]) = ([], [])
        try batch.scan(family) { key, value in
            stored = (Array(key), Array(value))
            return false
        }
        #expect(!stored.value.isEmpty)
        for count in [0, 7, 15, stored.value.count - 1] {
            try batch.put(family, stored.key, Array(stored.value.prefix(count)))
            let error = #expect(throws: StoreError.self) {
                try windows.apply(click("u", "d", 3), in: batch, into: &deltas)
            }
            #expect(error?.kind == .corrupted)
        }
    }
}

import BrokerSupport
import EventLog
import Foundation
import Pipeline
import StateStore
import Support
import Testing

/// What disks do: fill up, flip bits, vanish; and what a copy of a store is good for.
@Suite(
    "Stores that fail", .serialized,
    .enabled(if: !TestBrokers.kafka.isEmpty, Comment(rawValue: TestBrokers.missing)), .timeLimit(.minutes(2)))
struct StoreFaultTests {
    @Test("a new machine begins with a copy of the store and replays only the rest", arguments: TestBrokers.kafka)
    func checkpoint(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let copies = StoreCheckpoints(folder: world.directory("copies"), interval: .milliseconds(1))
        try world.write(StageRunnerTests.words(40))
        let first = world.start(checkpoints: copies)
        try first.drained(records: 40)
        try first.stop()
        try play(StageRunnerTests.words(10, 2), in: world)
        var rare = copies
        rare.interval = .seconds(3_600)
        for instance in ["a", "b"] {
            try? world.forgetStore()
            let third = world.start(instance, checkpoints: rare)
            // Partitions of an instance that is gone come when its session is over.
            try waitUntil("both partitions") { third.status.now.partitions.count == 2 }
            try third.drained()
            #expect(third.status.now.recoveries == ["behind": 2])
            #expect((1...12).contains(third.status.now.replayed), "\(third.status.now.replayed) records replayed of 50")
            try third.stop()
        }
        try play(StageRunnerTests.words(10, 3), in: world, as: "b")
        try world.expectExactlyOnce()
    }

    @Test("of copies, the instance's own comes first, then the newest; half-made and old ones are no copies")
    func choice() throws {
        let folder = try TemporaryFolder()
        let copies = StoreCheckpoints(folder: folder.path + "/copies", interval: .seconds(1))
        let family = ColumnFamily("rows")
        for (name, instance) in [("one", "x"), ("two", "y"), ("three", "y"), ("four", "y")] {
            let store = try Store(path: folder.path + "/" + name, families: [family])
            let batch = store.makeBatch()
            try batch.put(family, [1], bytes(name))
            try batch.commit()
            try copies.write(store, "stage", of: instance)
            store.close()
            usleep(2_000)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies.folder + "/stage/y").count == 2)
        try FileManager.default.createDirectory(
            atPath: copies.folder + "/stage/z/unfinished", withIntermediateDirectories: true)
        func restored(by instance: String, _ stage: String = "stage") throws -> String? {
            let place = folder.path + "/store-\(instance)-\(stage)"
            guard try copies.restore(stage, of: instance, to: place) != nil else { return nil }
            #expect(try copies.restore(stage, of: instance, to: place) == nil, "a store that is there stays")
            let store = try Store(path: place, families: [family])
            defer { store.close() }
            return text(try store.get(family, [1]))
        }
        #expect(try restored(by: "x") == "one")
        #expect(try restored(by: "y") == "four")
        #expect(try restored(by: "new") == "four")
        #expect(try restored(by: "x", "other") == nil)
    }

    @Test("flipped bytes are found, and the store is replayed", arguments: TestBrokers.kafka)
    func flippedBytes(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try play(StageRunnerTests.words(40), in: world)
        try flipTables(world.directory())
        try world.write(StageRunnerTests.words(10, 2))
        let second = world.start()
        try second.drained(records: 10)
        #expect(second.status.now.damages == 1)
        #expect(second.status.now.replayed == 40)
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test("flipped bytes in the write-ahead log leave an older state, which catches up", arguments: TestBrokers.kafka)
    func flippedLog(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try play(StageRunnerTests.words(40), in: world)
        let logs = try FileManager.default.contentsOfDirectory(atPath: world.directory()).filter {
            $0.hasSuffix(".log")
        }
        #expect(!logs.isEmpty)
        for log in logs { try flip(world.directory() + "/" + log, from: 0.5) }
        let second = world.start()
        try second.drained()
        try second.stop()
        try play(StageRunnerTests.words(10, 2), in: world)
        try world.expectExactlyOnce()
    }

    @Test(
        "a full disk ends the run with the reason; with room again it goes on, once each",
        .enabled(if: SmallDisk.isPossible),
        arguments: TestBrokers.kafka)
    func fullDisk(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let disk = try SmallDisk(megabytes: 8)
        try world.write(StageRunnerTests.words(20))
        let first = world.start(directory: disk.path + "/store")
        try first.drained(records: 20)
        try disk.fill()
        try world.write(StageRunnerTests.words(2_000, 2))
        let failure = #expect(throws: StoreError.self) { try first.join() }
        #expect(failure?.kind == .noSpace)
        #expect(failure?.description.contains("free space") == true)
        try disk.empty()
        let second = world.start(directory: disk.path + "/store")
        try second.drained()
        try second.stop()
        try world.expectExactlyOnce()
    }

    @Test("two processes under one name: one goes on, the other says why it ends", arguments: TestBrokers.kafka)
    func rivals(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let stages = [world.start(directory: world.directory("x")), world.start(directory: world.directory("y"))]
        var round: UInt64 = 1
        try waitUntil("one to give way", .seconds(60)) {
            try world.write(StageRunnerTests.words(2, round))
            round += 1
            usleep(100_000)
            return stages.contains(where: \.hasEnded)
        }
        let winner = stages[0].hasEnded ? 1 : 0
        let (ended, other) = (stages[1 - winner], stages[winner])
        let failure = #expect(throws: RivalInstance.self) { try ended.join() }
        #expect(failure?.description.contains("instance 'a'") == true)
        try waitUntil("all records") { other.status.now.isDrained }
        try other.stop()
        try world.expectExactlyOnce()
    }

    @Test(
        "a store stamped in the far future is rebuilt: nobody knows how long it was unused",
        arguments: TestBrokers.kafka)
    func clockJump(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        try play(StageRunnerTests.words(20), in: world)
        let positions = ColumnFamily("positions")
        let store = try Store(path: world.directory(), families: CountingStage.families + [positions])
        let batch = store.makeBatch()
        let future = Int64(Date().timeIntervalSince1970 * 1000) + day
        try batch.put(positions, [], withUnsafeBytes(of: future.littleEndian) { [UInt8]($0) })
        try batch.commit()
        store.close()
        for situation in ["missing", "equal"] {
            let again = world.start()
            try again.drained()
            #expect(again.status.now.recoveries == [situation: 2])
            try again.stop()
        }
        try world.expectExactlyOnce()
    }

    /// Writes words, and has an instance work through them to its orderly end.
    private func play(_ words: [String], in world: CountingWorld, as instance: String = "a") throws {
        try world.write(words)
        let stage = world.start(instance)
        try stage.drained(records: Int64(words.count))
        try stage.stop()
    }

    /// Moves the store's rows from its log into tables, and damages those.
    private func flipTables(_ directory: String) throws {
        let families = CountingStage.families + [ColumnFamily("positions")]
        let store = try Store(path: directory, families: families)
        for family in families { try store.flush(family) }
        store.close()
        let tables = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".sst") }
        #expect(!tables.isEmpty)
        for table in tables { try flip(directory + "/" + table, from: 0, to: 0.2) }
    }

    /// Inverts a stretch of a file, given as shares of its length.
    private func flip(_ path: String, from: Double, to: Double = 1) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        for index in Int(Double(data.count) * from)..<Int(Double(data.count) * to) { data[index] ^= 0xFF }
        try data.write(to: URL(filePath: path))
    }
}

/// A file system of a few megabytes, in memory. Mounting one takes root's rights.
private final class SmallDisk {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    static let isPossible = geteuid() == 0 && (try? SmallDisk(megabytes: 1)) != nil

    init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path)
    }

    /// Leaves no byte.
    func fill() throws {
        let handle = try #require(fopen(path + "/filler", "w"))
        let block = [UInt8](repeating: 1, count: 4_096)
        while fwrite(block, 1, block.count, handle) == block.count, fflush(handle) == 0 {}
        fclose(handle)
    }

    func empty() throws { try FileManager.default.removeItem(atPath: path + "/filler") }

    private static func run(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.runToEnd()
        guard process.terminationStatus == 0 else { throw WaitedTooLong(what: words.joined(separator: " ")) }
    }

    deinit { try? Self.run("umount", "-l", folder.path) }
}

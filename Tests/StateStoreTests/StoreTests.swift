import Foundation
import StateStore
import Support
import Testing

private let plain = ColumnFamily("plain")
private let sums = ColumnFamily("sums", merge: .sum64)

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

private func int64(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

@Suite struct StoreTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/deep/state" }

    init() throws { folder = try TemporaryFolder() }

    @Test func keepsCommittedChangesAndDropsDiscardedOnes() throws {
        do {
            let store = try Store(path: path, families: [plain])
            let batch = store.makeBatch()
            try batch.put(plain, bytes("a"), bytes("1"))
            #expect(try store.get(plain, bytes("a")) == nil)
            #expect(try batch.get(plain, bytes("a")) == bytes("1"))
            try batch.commit()
            #expect(batch.isEmpty && batch.byteCount == 0)
            try batch.put(plain, bytes("a"), bytes("2"))
            batch.discard()
            #expect(batch.isEmpty)
            #expect(try batch.get(plain, bytes("a")) == bytes("1"))
        }
        let store = try Store(path: path, families: [plain])
        #expect(try store.get(plain, bytes("a")) == bytes("1"))
    }

    @Test func refusesASecondOpener() throws {
        let store = try Store(path: path, families: [plain])
        let error = #expect(throws: StoreError.self) { try Store(path: path, families: [plain]) }
        #expect(error?.kind == .locked)
        #expect(error?.description.contains("in use by another process") == true)
        store.close()
        _ = try Store(path: path, families: [plain])
    }

    @Test func saysClosedAfterClose() throws {
        let store = try Store(path: path, families: [plain])
        let batch = store.makeBatch()
        try batch.put(plain, bytes("a"), bytes("1"))
        store.close()
        store.close()
        #expect(throws: StoreError.self) { try store.get(plain, bytes("a")) }
        let error = #expect(throws: StoreError.self) { try batch.commit() }
        #expect(error?.kind == .closed)
    }

    @Test func addsFamiliesAndRefusesUnknownOnes() throws {
        try Store(path: path, families: [plain]).close()
        try Store(path: path, families: [plain, sums]).close()
        let error = #expect(throws: StoreError.self) { try Store(path: path, families: [plain]) }
        #expect(error?.kind == .otherVersion)
        #expect(error?.message.contains("sums") == true)
    }

    @Test func refusesAMissingStoreWhenAskedTo() throws {
        let error = #expect(throws: StoreError.self) {
            try Store(path: path, families: [plain], options: StoreOptions(createIfMissing: false))
        }
        #expect(error != nil)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func refusesMisuse() throws {
        let store = try Store(path: path, families: [plain, sums])
        let batch = store.makeBatch()
        for call in [
            { try batch.merge(plain, bytes("a"), int64(1)) }, { try batch.merge(sums, bytes("a"), bytes("short")) },
            { _ = try batch.get(ColumnFamily("unopened"), bytes("a")) },
        ] {
            let error = #expect(throws: StoreError.self, performing: call)
            #expect(error?.kind == .invalidArgument)
        }
        try batch.put(plain, bytes("a"), bytes("1"))
        let error = #expect(throws: StoreError.self) {
            try batch.scan(plain) { key, _ throws(StoreError) in
                try batch.delete(plain, Array(key))
                return true
            }
        }
        #expect(error?.kind == .invalidArgument)
        try batch.delete(plain, bytes("a"))
    }

    @Test func reportsDamage() throws {
        do {
            let store = try Store(path: path, families: [plain])
            let batch = store.makeBatch()
            for i in 0..<2_000 { try batch.put(plain, bytes("key \(i)"), int64(Int64(i) &* 0x1234_5678_9ABC)) }
            try batch.commit()
            try store.flush(plain)
        }
        let tables = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".sst") }
        let table = URL(filePath: path + "/" + (try #require(tables.first)))
        var content = try Data(contentsOf: table)
        for i in 100..<5_000 { content[i] ^= 0x55 }
        try content.write(to: table)
        let error = #expect(throws: StoreError.self) {
            let store = try Store(path: path, families: [plain])
            try store.scan(plain) { _, _ in true }
        }
        #expect(error?.kind == .corrupted)
        #expect(error?.message.contains("delete this folder") == true)
    }

    @Test func classifiesAFullDisk() {
        let status =
            "IO error: No space left on device: While appending to file: /x/000012.log: No space left on device"
        #expect(StoreError(status: status, path: "/x").kind == .noSpace)
    }

    @Test func snapshotsAndCheckpointsStandStill() throws {
        let store = try Store(path: path, families: [plain])
        let batch = store.makeBatch()
        try batch.put(plain, bytes("a"), bytes("1"))
        try batch.commit()
        let snapshot = try store.snapshot()
        try store.checkpoint(to: folder.path + "/copy")
        try batch.put(plain, bytes("a"), bytes("2"))
        try batch.put(plain, bytes("b"), bytes("3"))
        try batch.commit()
        #expect(try store.get(plain, bytes("a")) == bytes("2"))
        #expect(try snapshot.get(plain, bytes("a")) == bytes("1"))
        var keys = 0
        try snapshot.scan(plain) { _, _ in
            keys += 1
            return true
        }
        #expect(keys == 1)
        let copy = try Store(path: folder.path + "/copy", families: [plain])
        #expect(try copy.get(plain, bytes("a")) == bytes("1"))
        #expect(try copy.get(plain, bytes("b")) == nil)
        #expect(try store.approximateSize(plain) > 0)
        #expect(try store.approximateCount(plain) >= 2)
    }

    @Test func sumsAreFoldedByRocksDBToo() throws {
        let store = try Store(path: path, families: [sums])
        let batch = store.makeBatch()
        for i in 1...100 {
            try batch.merge(sums, bytes("n"), int64(Int64(i)))
            try batch.commit()
            if i == 50 { try store.flush(sums) }
        }
        #expect(try store.get(sums, bytes("n")) == int64(5050))
    }
}

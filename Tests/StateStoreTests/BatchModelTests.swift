import StateStore
import Support
import Testing

/// Seeded sequences of every operation, against plain dictionaries.
@Suite struct BatchModelTests {
    private static let plain = ColumnFamily("plain")
    private static let sums = ColumnFamily("sums", merge: .sum64)
    private static let deltas = ColumnFamily("deltas", merge: .deltas)
    private static let paired = ColumnFamily("paired", merge: .deltaPairs)
    private static let families = [plain, sums, deltas, paired]

    /// A value of any family, as the model holds it.
    private enum Value: Equatable {
        case bytes([UInt8])
        case sum(Int64)
        case map([[UInt8]: DeltaMap.Numbers], DeltaMap)

        var encoded: [UInt8] {
            switch self {
            case .bytes(let bytes): bytes
            case .sum(let sum): withUnsafeBytes(of: sum.littleEndian) { Array($0) }
            case .map(let map, let codec):
                BatchModelTests.encode(
                    map.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }, codec)
            }
        }
    }

    private typealias Model = [ColumnFamily: [[UInt8]: Value]]

    private static func encode(_ entries: [([UInt8], DeltaMap.Numbers)], _ codec: DeltaMap) -> [UInt8] {
        var bytes: [UInt8] = []
        for (key, delta) in entries { codec.append(key, delta, to: &bytes) }
        return bytes
    }

    private struct Trial {
        var random: SeededGenerator
        let path: String
        var store: Store
        var batch: Batch
        var committed: Model = [:]
        var pending: Model = [:]

        init(seed: UInt64, path: String) throws {
            random = SeededGenerator(seed: seed)
            self.path = path
            store = try Store(path: path, families: BatchModelTests.families)
            batch = store.makeBatch()
        }

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

        /// Few bytes, so that keys meet; FF and 00 among them, so that prefixes without successor occur.
        mutating func key(upTo length: Int = 4) -> [UInt8] {
            let alphabet: [UInt8] = [0, 0x61, 0x62, 0xFF]
            return (0..<below(length + 1)).map { _ in alphabet[below(4)] }
        }

        mutating func number() -> Int64 { Int64(below(7)) - 3 }

        mutating func numbers(_ codec: DeltaMap) -> DeltaMap.Numbers {
            [number(), codec == .paired ? number() : 0]
        }

        mutating func value(for family: ColumnFamily) -> Value {
            switch family.merge {
            case nil: return .bytes((0..<below(6)).map { _ in UInt8(below(256)) })
            case .sum64: return .sum(number())
            case .deltas, .deltaPairs:
                let codec = family.merge == .deltas ? DeltaMap.single : .paired
                let count = below(4)
                let pairs = (0..<count).map { _ in (key(upTo: 2), numbers(codec)) }.filter { $0.1 != .zero }
                return .map(Dictionary(pairs) { first, _ in first }, codec)
            }
        }

        mutating func step() throws {
            let family = BatchModelTests.families[below(4)]
            let key = key()
            switch below(100) {
            case ..<22:
                let value = value(for: family)
                try batch.put(family, key, value.encoded)
                pending[family, default: [:]][key] = value
            case ..<32:
                try batch.delete(family, key)
                pending[family, default: [:]][key] = nil
            case ..<60: try merge(family, key)
            case ..<64:
                let prefix = self.key(upTo: 3)
                try batch.wipe(family, prefix: prefix)
                pending[family] = pending[family, default: [:]].filter { !$0.key.starts(with: prefix) }
            case ..<80: try compareGet(family, key)
            case ..<92: try compareScan(family)
            case ..<95:
                try batch.commit()
                committed = pending
            case ..<97:
                batch.discard()
                pending = committed
            case ..<99: try store.flush(family)
            default:
                store.close()
                store = try Store(path: path, families: BatchModelTests.families)
                batch = store.makeBatch()
                pending = committed
            }
        }

        mutating func merge(_ family: ColumnFamily, _ key: [UInt8]) throws {
            switch family.merge {
            case nil: return
            case .sum64:
                let delta = number()
                try batch.merge(family, key, Value.sum(delta).encoded)
                guard case .sum(let old) = pending[family]?[key] ?? .sum(0) else { return }
                pending[family, default: [:]][key] = .sum(old + delta)
            case .deltas, .deltaPairs:
                let codec = family.merge == .deltas ? DeltaMap.single : .paired
                let count = below(5)
                let operand = (0..<count).map { _ in (self.key(upTo: 2), numbers(codec)) }
                try batch.merge(family, key, BatchModelTests.encode(operand, codec))
                guard case .map(var map, _) = pending[family]?[key] ?? .map([:], codec) else { return }
                // An empty operand changes nothing, not even whether the key is there.
                if operand.isEmpty { return }
                for (name, delta) in operand { map[name, default: .zero] &+= delta }
                pending[family, default: [:]][key] = .map(map.filter { $0.value != .zero }, codec)
            }
        }

        func compareGet(_ family: ColumnFamily, _ key: [UInt8]) throws {
            #expect(try batch.get(family, key) == pending[family]?[key]?.encoded)
            #expect(try store.get(family, key) == committed[family]?[key]?.encoded)
        }

        mutating func compareScan(_ family: ColumnFamily) throws {
            let prefix = key(upTo: 2)
            let from = below(2) == 0 ? nil : key()
            let reverse = below(2) == 0
            let limit = below(3) == 0 ? below(4) + 1 : Int.max
            let readers: [(any StateReader, Model)] = [
                (batch, pending), (store, committed), (try store.snapshot(), committed),
            ]
            for (reader, model) in readers {
                var seen: [[UInt8]] = []
                var values: [[UInt8]] = []
                try reader.scan(family, prefix: prefix, from: from, reverse: reverse) { key, value in
                    seen.append(Array(key))
                    values.append(Array(value))
                    return seen.count < limit
                }
                let content = model[family] ?? [:]
                var keys = content.keys.filter { $0.starts(with: prefix) }
                    .sorted { $0.lexicographicallyPrecedes($1) }
                if reverse { keys.reverse() }
                if let from {
                    keys = keys.filter {
                        $0 == from || (reverse ? $0 : from).lexicographicallyPrecedes(reverse ? from : $0)
                    }
                }
                keys = Array(keys.prefix(limit))
                #expect(seen == keys, "prefix \(prefix) from \(String(describing: from)) reverse \(reverse)")
                #expect(values == keys.map { content[$0]?.encoded })
            }
        }
    }

    @Test(arguments: 0..<40)
    func agreesWithDictionaries(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var trial = try Trial(seed: seed, path: folder.path)
        for _ in 0..<1_500 { try trial.step() }
    }
}

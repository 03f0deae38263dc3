import CoOccurrence
import StateStore
import Support
import Testing

/// Seeded random logs: out-of-order, repeated and late clicks, caps, ticks, forgotten users, partitions.
@Suite struct RandomLogTests {
    /// A tenth of the shortest bucket.
    static let unit: Int64 = 360_000

    struct Trial {
        var random: SeededGenerator
        let settings: WindowSettings
        let partitions: [[ClickEvent]]
        let end: Int64

        /// All partitions end with a tick later than the idle time.
        init(seed: UInt64) throws {
            random = SeededGenerator(seed: seed)
            let idle = Int64.random(in: 1...40, using: &random) * RandomLogTests.unit
            settings = try WindowSettings(
                bucketMilliseconds: 10 * RandomLogTests.unit, windowBuckets: Int64.random(in: 1...5, using: &random),
                cap: [3, 8, 64].randomElement(using: &random) ?? 3, idleMilliseconds: idle)
            var log: [(user: Int, event: ClickEvent)] = []
            // Times before 1970 too.
            var time: Int64 = Int64.random(in: -200...0, using: &random) * RandomLogTests.unit
            let users = [5, 5, 12].randomElement(using: &random) ?? 5
            let notes = [13, 13, 40].randomElement(using: &random) ?? 13
            let longest = [50, 120, 400].randomElement(using: &random) ?? 50
            for _ in 0..<Int.random(in: 1...longest, using: &random) {
                time += ([0, 0, 1, 2, 5, 30].randomElement(using: &random) ?? 0) * RandomLogTests.unit
                let user = Int.random(in: 0..<users, using: &random)
                let id = Array("u\(user)".utf8)
                let back = ([0, 0, 0, 3, 20, 90].randomElement(using: &random) ?? 0) * RandomLogTests.unit
                let note = Array("n\(Int.random(in: 0..<notes, using: &random))".utf8)
                switch Int.random(in: 0..<100, using: &random) {
                case ..<2: log.append((user, .forget(user: id)))
                case ..<4: log.append((user, .tick(time: time)))
                default: log.append((user, .click(user: id, note: note, time: time - back)))
                }
            }
            let end = time + idle
            self.end = end
            let count = [1, 1, 3].randomElement(using: &random) ?? 1
            partitions = (0..<count).map { partition in
                log.filter { $0.user % count == partition }.map(\.event) + [.tick(time: end)]
            }
        }
    }

    /// A thousand logs in forty groups, each on one store.
    @Test(arguments: 0..<40)
    func agreesWithTheFormulaHoweverTheLogIsCut(group: UInt64) throws {
        let disk = try Disk()
        for index in 0..<25 {
            let seed = group * 25 + UInt64(index)
            var trial = try Trial(seed: seed)
            let settings = trial.settings
            let base = Int32(index * 100)
            let reader = Reader(
                firstPartition: base, partitions: Int32.random(in: 1...3, using: &trial.random), settings)
            try clearActivity(reader, disk)
            var total = Sums()
            for (partition, log) in trial.partitions.enumerated() {
                // Undisturbed.
                var calm = SessionRun(
                    log, partition: base + Int32(partition), settings, on: disk, Disturbance(commit: 4))
                try calm.run(to: log.count - 1)
                let calmRows = try rows(of: calm.windows, in: disk.store)

                // Cut anywhere, discarded, reopened, lost and replayed; its deltas feed the pair rows.
                let disturbance = Disturbance(slices: 1...3, commit: 5, discard: 6, reopen: 40, lose: 3)
                var wild = SessionRun(
                    log, partition: base + 50 + Int32(partition), settings, on: disk, disturbance, seed: seed)
                let send = { (deltas: WindowDeltas) in
                    let batch = disk.store.makeBatch()
                    try reader.apply(deltas, in: batch)
                    try batch.commit()
                }
                try wild.run(to: log.count - 1, send: send)
                #expect(try rows(of: wild.windows, in: disk.store) == calmRows, "seed \(seed)")
                #expect(wild.sums == calm.sums, "seed \(seed)")

                try compareRebuild(calm, calmRows, partition: base + 25 + Int32(partition), settings, seed)

                try calm.run(to: log.count)
                try wild.run(to: log.count, send: send)
                #expect(wild.sums == calm.sums, "seed \(seed) after the tick")
                total.merge(calm.sums)
            }
            let formula = Sums.formula(Array(trial.partitions.joined()), settings)
            #expect(total.live(at: trial.end, settings) == formula, "seed \(seed)")
            #expect(try reader.sums(in: disk.store) == formula, "seed \(seed) in the rows")
            try compareReads(reader, disk, formula, trial)
        }
    }

    private func clearActivity(_ reader: Reader, _ disk: Disk) throws {
        let batch = disk.store.makeBatch()
        try reader.activity.wipe(in: batch)
        try batch.commit()
    }

    /// The last two windows alone give the same rows and, in live buckets, the same sums.
    private func compareRebuild(
        _ whole: SessionRun, _ wholeRows: [[UInt8]: Row], partition: Int32, _ settings: WindowSettings, _ seed: UInt64
    ) throws {
        let log = whole.log.dropLast()
        guard let now = log.compactMap(\.time).max() else { return }
        var highest = Int64.min
        let start = log.firstIndex { event in
            highest = max(highest, event.time ?? .min)
            guard highest != .min else { return false }
            return settings.bucket(of: highest) > settings.bucket(of: now) - 2 * settings.windowBuckets
        }
        let kept = Array(log[(start ?? log.endIndex)...])
        var rebuilt = SessionRun(kept, partition: partition, settings, on: whole.disk, Disturbance(commit: 7))
        try rebuilt.run(to: kept.count)
        #expect(try rows(of: rebuilt.windows, in: whole.disk.store) == wholeRows, "seed \(seed)")
        #expect(rebuilt.sums.live(at: now, settings) == whole.sums.live(at: now, settings), "seed \(seed)")
    }

    private func compareReads(_ reader: Reader, _ disk: Disk, _ formula: Sums, _ trial: Trial) throws {
        for number in 0..<4 {
            let note = Array("n\(number)".utf8)
            var expected: [[UInt8]: PairSum] = [:]
            for (pair, sum) in formula.pairs where pair.source == note { expected[pair.target, default: .zero] += sum }
            let row = try reader.partition(of: note).row(note, in: disk.store)
            #expect(Dictionary(uniqueKeysWithValues: row.map { ($0.note, $0.sum) }) == expected)
            #expect(zip(row, row.dropFirst()).allSatisfy { $0.note.lexicographicallyPrecedes($1.note) })

            let hours = formula.clicks.filter { $0.key.note == note }
            let recent = floorDivide(trial.end, 3_600_000) - 3
            let activity = try reader.activity.activity(of: note, at: trial.end, recentHours: 3, in: disk.store)
            #expect(
                activity
                    == NoteActivity(
                        clicks: hours.values.reduce(0, +),
                        recentClicks: hours.filter { $0.key.hour > recent }.values.reduce(0, +),
                        lastHour: hours.keys.map(\.hour).max()))
        }
    }

    /// Between settlements a score is at least the exact one, and less than half again as much; users are exact.
    @Test(arguments: 2_000..<2_030)
    func staysNearTheFormulaBetweenSettlements(seed: UInt64) throws {
        let trial = try Trial(seed: UInt64(seed))
        let disk = try Disk()
        let log = trial.partitions[0]
        var run = SessionRun(log, partition: 0, trial.settings, on: disk)
        var now: Int64?
        for end in 1...log.count {
            try run.run(to: end)
            now = [now, log[end - 1].time].compactMap { $0 }.max()
            guard let now else { continue }
            let held = run.sums.live(at: now, trial.settings)
            let exact = Sums.formula(Array(log[..<end]), trial.settings)
            #expect(held.clicks == exact.clicks, "seed \(seed) at \(end)")
            #expect(Set(held.pairs.keys) == Set(exact.pairs.keys), "seed \(seed) at \(end)")
            for (pair, sum) in exact.pairs {
                let online = held.pairs[pair] ?? .zero
                let isNear = online.score >= sum.score && online.score * 2 < sum.score * 3 + 1_000
                #expect(isNear && online.users == sum.users, "seed \(seed) at \(end)")
            }
        }
    }
}

extension Sums {
    mutating func merge(_ other: Sums) {
        pairs.merge(other.pairs, uniquingKeysWith: +)
        clicks.merge(other.clicks, uniquingKeysWith: +)
        pairs = pairs.filter { $0.value != .zero }
        clicks = clicks.filter { $0.value != 0 }
    }
}

import CoOccurrence
import Evaluation
import Foundation
import NoteLLM
import Retraining
import Support
import Testing

@Suite struct RetrainingDataTests {
    // MARK: - Slices

    @Test func slicesFollowEachOther() throws {
        let times = (0..<1_000).map { Int64($0) * 60_000 }
        let slices = try #require(TimeSlices(times: times))
        #expect(times.count { slices.trainRange.contains($0) } == 700)
        #expect(times.count { slices.chooseRange.contains($0) } == 150)
        #expect(times.count { slices.gateRange.contains($0) } == 150)
        #expect(times.allSatisfy { slices.refitRange.contains($0) != slices.gateRange.contains($0) })
        #expect(TimeSlices(times: Array(times.prefix(99))) == nil)
        #expect(TimeSlices(times: Array(repeating: 5, count: 500)) == nil)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func noSliceTestsWhatAnEarlierOneKnows(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let notes = (0..<30).map { number in
            LoggedNote(
                id: Array("n\(number)".utf8), title: "T\(number)", content: "", hashtags: [], category: "", author: "",
                created: Int64(number))
        }
        let clicks = (0..<2_000).map { step -> ClickEvent in
            .click(
                user: Array("u\(Int.random(in: 0..<20, using: &random))".utf8),
                note: Array("n\(Int.random(in: 0..<30, using: &random))".utf8), time: 1_000 + Int64(step) * 600_000)
        }
        let times = (0..<2_000).map { 1_000 + Int64($0) * 600_000 }
        let slices = try #require(TimeSlices(times: times))
        let pairs = PairSlices(Snapshot(notes: notes, clicks: clicks), slices)
        func ends(_ pairs: [TrainingPair]) -> Set<Set<Int>> { Set(pairs.map { [$0.source, $0.target] }) }
        #expect(!pairs.train.isEmpty && pairs.refit.count >= pairs.train.count)
        #expect(ends(pairs.choose).isDisjoint(with: ends(pairs.train)))
        #expect(ends(pairs.gate).isDisjoint(with: ends(pairs.refit)))
        let kept = pairs.keepingLearned(below: 10)
        #expect(kept.refit.allSatisfy { $0.source < 10 && $0.target < 10 })
        #expect(kept.gate == pairs.gate)
    }

    // MARK: - Files

    @Test func pairsAreReadByTheirHeader() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pairs.tsv"
        func read(_ text: String) throws -> PairFile {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return try PairFile(path: path)
        }
        let file = try read("time\tnote\trelated\tweight\n2024-01-01T00:00:00Z\ta\tb\t0.5\n\n\tc\td\t\n")
        #expect(file.pairs.map(\.note) == [Array("a".utf8), Array("c".utf8)])
        #expect(file.pairs.map(\.weight) == [0.5, 1])
        #expect(file.pairs.map(\.time) == [1_704_067_200_000, nil])
        for (text, line) in [
            ("note\tother\na\tb", 1), ("note\trelated\na", 2), ("note\trelated\tweight\na\tb\t-1", 2),
            ("note\trelated\ttime\na\tb\tc\n\na\tb\tsoon", 2),
        ] {
            let error = #expect(throws: LogFileError.self) { try read(text) }
            #expect(error?.line == line)
            #expect(error?.path == path)
        }
        #expect(throws: LogFileError.self) { try PairFile(path: folder.path + "/none.tsv") }
    }

    @Test func aVersionsFolderHoldsWhatItLists() throws {
        let folder = try TemporaryFolder()
        let directory = ModelDirectory(stateDirectory: folder.path)
        let notes = (0..<20).map { TrainingNote(text: NoteText(title: "Note \($0)"), time: Int64($0)) }
        var random = SeededGenerator(seed: 1)
        let states = notes.map { _ in (0..<8).map { _ in Float.random(in: -1...1, using: &random) } }
        var settings = BootstrapSettings(baseModelSHA256: "base")
        settings.dimension = 4
        let version = try Bootstrap.run(notes, states: states, settings: settings).version
        let ranks = (0..<40).map { Double(1 + $0 % 3) }
        let judgement = Judgement(ranks: ranks, cosineRanks: ranks)
        let report = RetrainReport(
            version: version.id, parent: "before", mode: "quick", notes: 20, pairs: ["gate": 40], slices: nil,
            candidates: [.init(name: "one", chooseMRR: 0.5)], chosen: "one", listWeights: [],
            refittedServingHeads: false,
            verdict: Gate().verdict(sources: Array(0..<40), challenger: judgement, serving: judgement), seconds: 1,
            ends: ["clicks": [7, 3]])
        #expect(try RetrainReport(json: report.json) == report)
        #expect(report.text.contains("Not promoted"))
        try directory.write(version, report: report, losses: [])
        try directory.write(version, report: report, losses: [])  // once more is no matter
        #expect(directory.versions == [version.id])
        func content(_ name: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(filePath: directory.folder(of: version.id) + "/" + name)))
        }
        #expect(try ModelVersion(artefact: content("model.safetensors")).id == version.id)
        #expect(try RetrainReport(json: String(decoding: content("report.json"), as: UTF8.self)) == report)
        let listing = try JSONDecoder().decode(Listing.self, from: Data(content("manifest.json")))
        #expect(listing.version == version.id)
        #expect(Set(listing.files.keys) == ["model.safetensors", "report.json", "loss.tsv"])
        for (name, file) in listing.files {
            #expect(try SHA256.hex(SHA256.hash(content(name))) == file.sha256, "\(name)")
        }
    }

    private struct Listing: Decodable {
        struct File: Decodable { var sha256: String }
        var version: String
        var files: [String: File]
    }

    // MARK: - Schedule

    @Test func aTrainingIsDueByTimeAndByWhatIsNew() {
        let schedule = RetrainSchedule(interval: 1_000, minimumClicks: 10, minimumNotes: 2)
        let last = RetrainSchedule.Past(time: 5_000, ends: ["clicks": [5, 5], "notes": [3]])
        func isDue(_ now: Int64, _ clicks: [Int64], _ notes: [Int64], _ last: RetrainSchedule.Past?) -> Bool {
            schedule.isDue(at: now, ends: ["clicks": clicks, "notes": notes], last: last)
        }
        #expect(isDue(6_000, [10, 10], [5], last))
        #expect(!isDue(5_999, [10, 10], [5], last))
        #expect(!isDue(6_000, [10, 9], [5], last))
        #expect(!isDue(6_000, [10, 10], [4], last))
        #expect(isDue(0, [10, 0], [2], nil))
        #expect(!isDue(0, [9, 0], [2], nil))
        // A topic that was made anew counts whole.
        #expect(isDue(6_000, [4, 11], [2], last))
    }
}

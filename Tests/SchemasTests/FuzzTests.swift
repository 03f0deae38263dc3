import Fuzzing
import Testing

/// What `Ops/fuzz` does at length, in short.
@Suite struct FuzzTests {
    @Test("20,000 changed events: the good are read as they were, the bad are refused with a reason")
    func short() throws {
        let seed = UInt64.random(in: 1...999_999)
        let report = try DecoderFuzz(seed: seed).run(0..<20_000)
        #expect(report.goodLost.isEmpty, "seed \(seed): \(report.goodLost.prefix(5))")
        #expect(report.badTaken.isEmpty, "seed \(seed): \(report.badTaken.prefix(5))")
        #expect(report.events == 20_000)
        #expect((2_000..<18_000).contains(report.taken), "both happen: \(report.taken)")
    }
}

import BrokerSupport
import Pipeline
import StateStore
import Support
import Testing

@Suite("Questions to a stage")
struct StageQuestionsTests {
    @Test("are answered by the running stage between two batches", arguments: TestBrokers.kafka)
    func answered(broker: TestBroker) throws {
        let world = try CountingWorld(broker)
        let runner = StageRunner<CountingStage>(environment: world.environment(), directory: world.directory()) { _ in
            CountingStage()
        }
        let running = RunningStage(runner)
        try world.write(["tea", "tea"])
        try running.drained(records: 2)
        #expect(try runner.questions.ask { stage, _ in type(of: stage).name } == CountingStage.name)
        struct Refused: Error {}
        #expect(throws: Refused.self) { try runner.questions.ask { _, _ -> Int in throw Refused() } }
        // Lag is taken once a second.
        try waitUntil("no lag: \(runner.status.now.lag)") { runner.status.now.lag.values.allSatisfy { $0 == 0 } }
        #expect(runner.status.now.batchRecords.count > 0)
        try running.stop()
    }

    @Test("are given up when nobody answers, and what comes too late is not even computed")
    func givenUp() throws {
        let questions = StageQuestions<CountingStage>()
        #expect(throws: StageNotAnswering.self) {
            try questions.ask(timeout: .milliseconds(20)) { _, _ -> Int in
                Issue.record("nobody waits for this any more")
                return 1
            }
        }
        let folder = try TemporaryFolder()
        let store = try Store(path: folder.path + "/store", families: CountingStage.families)
        defer { store.close() }
        questions.answer(CountingStage(), store)
    }
}

import Evaluation
import Support
import Testing

@Suite("Judging hashtags")
struct TagJudgeTests {
    @Test("Recall counts the note's own hashtags among the first five; only later notes that have any are judged")
    func recall() throws {
        let notes = (0..<10).map { index -> LoggedNote in
            let isFruit = index % 2 == 0
            let hashtags: [String] = isFruit ? ["fruit", "garden"] : ["rail"]
            return LoggedNote(
                id: [UInt8(index)], title: isFruit ? "apples and pears" : "trains to Rome", content: "",
                hashtags: index == 9 ? [] : hashtags, created: Int64(index))
        }
        let log = EngagementLog(notes: notes, clicks: [])
        #expect(TagJudge.trainingCount(log) == 8)
        let perfect = try TagJudge.judge(log) { _ in ["fruit", "garden"] }
        #expect(perfect == TagRecall(count: 1, recall5: 1, floor5: 1))
        let half = try TagJudge.judge(log) { _ in ["garden", "a", "b", "c", "d", "fruit"] }
        #expect(half.recall5 == 0.5)
        let figures = try TagJudge.figures(log) { _ in ["garden", "a", "b", "c", "d", "fruit"] }
        #expect(figures.count == 1 && figures.recall5 == 0.5 && figures.hit5 == 1)
        #expect(try TagJudge.figures(log) { _ in ["rail"] }.hit5 == 0)
        #expect(TagJudge.commonest(log) == ["fruit", "garden", "rail"])
        let terms = TermWeights(log.notes, fitted: 8)
        #expect(TagJudge.vote(for: 8, log, terms, training: 8).prefix(2) == ["fruit", "garden"])
    }

    @Test("TF-IDF cosines are those of the formula; words that stand everywhere do not count")
    func cosines() {
        let texts = ["red red apple", "red pear", "green pear", "the plum"]
        let notes = texts.enumerated().map { index, text in
            LoggedNote(id: [UInt8(index)], title: "", content: text, created: Int64(index))
        }
        // With four notes a word in two of them (red, pear) is above 30 % and left out.
        let few = TermWeights(notes)
        #expect(few.similarities(of: 0, count: 4) == [1, 0, 0, 0])
        let more = (0..<8).map { LoggedNote(id: [9, UInt8($0)], title: "filler\($0)", content: "", created: 10) }
        let terms = TermWeights(notes + more)
        let similarities = terms.similarities(of: 1, count: 3)
        #expect(abs(similarities[1] - 1) < 1e-6)
        #expect(similarities[0] > 0.3 && similarities[2] > 0.3 && similarities[0] < 1)
    }
}

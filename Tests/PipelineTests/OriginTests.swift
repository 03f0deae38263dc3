import EventLog
import Pipeline
import Schemas
import StateStore
import Support
import Synchronization
import Testing

@Suite("Origins, traces and figures")
struct OriginTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func record(_ headers: [Header], timestamp: Int64? = 1_000) -> Record {
        Record(
            topicPartition: TopicPartition("notes", 0), offset: 0, timestamp: timestamp, key: nil, value: nil,
            headers: headers)
    }

    @Test("a trace goes on under its id with a step of its own, and its state as it came")
    func child() throws {
        let context = try #require(
            TraceContext(record([Header("traceparent", Self.trace), Header("tracestate", "a=1,b=2")])))
        let child = context.child()
        #expect(child.traceID == context.traceID)
        #expect(child.parentID != context.parentID)
        #expect(child.parentID.count == 16)
        #expect(child.flags == "01")
        #expect(TraceContext(record(child.headers)) == child)
        #expect(child.headers.last == Header("tracestate", "a=1,b=2"))
        // One that would not fit into the next record does not stop it.
        let long = TraceContext(
            record([Header("traceparent", Self.trace), Header("tracestate", String(repeating: "a", count: 513))]))
        #expect(long?.child().headers.count == 1)
    }

    @Test(
        "what is no trace is not carried",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "01" + trace.dropFirst(2),
            trace.uppercased(), "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", trace + "-00", trace.dropLast() + "x",
            trace.replacing("f", with: "g"),
        ])
    func refused(text: String) {
        #expect(TraceContext(record([Header("traceparent", text)])) == nil)
    }

    @Test("from a note to its profile to its list: when it was posted, when profiled, and its trace")
    func carried() throws {
        let profile = try ProfileHarness(.init(target: SmallModel().version))
        var note = try profile.note("a", "word1 word2")
        note.headers = [Header("traceparent", Self.trace)]
        let made = try #require(try profile.feed([note]).first { $0.topic == "note-profiles" && $0.value != nil })
        let harness = try RecommendHarness()
        try harness.assign([0, 1])
        try harness.feed([harness.profile("b", "word1 word3")])
        var arrived = made.read(at: 100, partitions: 2)
        arrived.timestamp = newYear + 52
        arrived.headers = made.headers
        let list = try #require(try harness.feed([arrived]).first { text($0.key) == "a" })
        let sent = record(list.headers)
        #expect(Origin.milliseconds(sent, Origin.postedHeader) == newYear)
        #expect(Origin.milliseconds(sent, Origin.profiledHeader) == newYear + 52)
        let trace = try #require(TraceContext(sent))
        #expect(Self.trace.contains(trace.traceID))
        #expect(!Self.trace.contains(trace.parentID))

        // The list changes later for another reason: it answers nobody.
        let later = try harness.feed([harness.profile("c", "word1 word2 word3")]) + harness.drain()
        #expect(try #require(later.last { text($0.key) == "a" }).headers.isEmpty)
    }

    @Test("a profile that a swap of model versions caused names no arrival")
    func swapped() {
        #expect(Origin(profiled: record([])) == nil)
        #expect(Origin(profiled: record([Header(Origin.postedHeader, "soon")])) == nil)
        #expect(Origin(profiled: record([Header(Origin.postedHeader, "-9223372036854775808")])) == nil)
        #expect(Origin(profiled: record([Header(Origin.postedHeader, "7")]))?.posted == 7)
    }

    @Test("a histogram counts each value once, in the first bucket that holds it")
    func histogram() {
        var histogram = Histogram(bounds: [1, 2, 5])
        for value in [0, 1, 1.5, 2, 5, 6, 100] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1])
        #expect(histogram.count == 7)
        #expect(histogram.sum == 115.5)
    }
}

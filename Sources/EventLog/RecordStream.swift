import Foundation
import Synchronization

/// Records for `async` readers: a thread of its own polls, so that Swift's pool never blocks, and at most `permits` batches
/// are between it and the reader (`AsyncStream` alone would buffer without end).
///
/// For readers of partitions given by hand. A reader that takes long between two batches only stops the polling.
/// The stream ends when the reading task is cancelled, when `stop` is called, or with the first error.
public final class RecordStream: AsyncSequence, Sendable {
    /// Records in order within each partition, never empty.
    public typealias Element = [Record]

    private let stream: AsyncThrowingStream<[Record], any Error>
    private let gate: Gate
    private let taken: Counter

    /// How many records the polling thread has handed over so far.
    package var polled: Int { taken.value.load(ordering: .relaxed) }

    /// - Parameters:
    ///   - name: the thread's name.
    ///   - permits: batches on their way to the reader, at most.
    ///   - maximum: records in a batch, at most.
    ///   - open: makes the consumer on its own thread and assigns it partitions.
    public init(
        name: String, permits: Int = 4, maximum: Int = 500, open: @escaping @Sendable () throws -> Consumer
    ) {
        let gate = Gate(permits: permits)
        let (stream, continuation) = AsyncThrowingStream<[Record], any Error>.makeStream()
        let taken = Counter()
        self.taken = taken
        self.gate = gate
        self.stream = stream
        continuation.onTermination = { _ in gate.close() }
        let thread = Thread {
            do {
                let consumer = try open()
                while gate.enter() {
                    var records: [Record] = []
                    while records.isEmpty && !gate.isClosed {
                        records = try consumer.poll(maximum: maximum, timeout: .milliseconds(100))
                    }
                    guard !records.isEmpty else { continue }
                    taken.value.add(records.count, ordering: .relaxed)
                    continuation.yield(records)
                }
                try consumer.close()
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        thread.name = name
        thread.start()
    }

    /// Ends the stream; batches already on their way still arrive.
    public func stop() { gate.close() }

    /// One reader's place. A stream has one reader.
    public func makeAsyncIterator() -> Iterator {
        Iterator(batches: stream.makeAsyncIterator(), gate: gate)
    }

    /// Gives a permit back for each batch that was worked through, which asking for the next one says.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var batches: AsyncThrowingStream<[Record], any Error>.Iterator
        fileprivate let gate: Gate
        private var holdsPermit = false

        fileprivate init(batches: AsyncThrowingStream<[Record], any Error>.Iterator, gate: Gate) {
            self.batches = batches
            self.gate = gate
        }

        /// The next batch, or nil at the end.
        public mutating func next() async throws -> [Record]? {
            if holdsPermit { gate.leave() }
            holdsPermit = false
            let batch = try await batches.next()
            holdsPermit = batch != nil
            return batch
        }
    }

    deinit { gate.close() }
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

/// Counts permits; the polling thread waits for one here.
private final class Gate: Sendable {
    // Made with 0 and raised: libdispatch traps when one ends below the value it was made with.
    private let permits = DispatchSemaphore(value: 0)
    private let closed = Atomic<Bool>(false)

    init(permits: Int) {
        for _ in 0..<Swift.max(1, permits) { leave() }
    }

    /// Waits for a permit; false once closed.
    func enter() -> Bool {
        if !isClosed { permits.wait() }
        return !isClosed
    }

    func leave() { permits.signal() }

    func close() {
        closed.store(true, ordering: .releasing)
        permits.signal()
    }

    var isClosed: Bool { closed.load(ordering: .acquiring) }
}

import Dispatch
import Synchronization

/// Work on many items by a few threads, each with memory of its own.
enum Parallel {
    /// `body`'s results in the order of `items`.
    ///
    /// - Parameters:
    ///   - makeWorker: called once on each thread.
    ///   - progress: called from any of the threads, one call at a time, with the number of items done.
    /// - Throws: the error of the first item, in their order, among those that failed before the work stopped.
    static func map<Item: Sendable, Worker, Result: Sendable>(
        _ items: [Item], threads: Int, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?,
        makeWorker: @Sendable () -> Worker,
        body: @Sendable (Worker, Item) throws(NoteLLMError) -> Result
    ) throws(NoteLLMError) -> [Result] {
        let state = Mutex(Outcome<Result>(results: Array(repeating: nil, count: items.count)))
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(max(threads, 1), max(items.count, 1))) { _ in
            let worker = makeWorker()
            while true {
                let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard item < items.count else { return }
                do throws(NoteLLMError) {
                    let result = try body(worker, items[item])
                    state.withLock { state in
                        state.results[item] = result
                        state.done += 1
                        progress?(state.done, items.count)
                    }
                } catch {
                    state.withLock { state in
                        if item < state.failure?.item ?? .max { state.failure = (item, error) }
                    }
                    // The others finish the item they are at, and find no further one.
                    next.store(items.count, ordering: .relaxed)
                }
            }
        }
        let end = state.withLock { $0 }
        if let failure = end.failure { throw failure.error }
        return end.results.compactMap { $0 }
    }

    /// What the threads have done so far.
    private struct Outcome<Result: Sendable>: Sendable {
        var results: [Result?]
        var done = 0
        var failure: (item: Int, error: NoteLLMError)?
    }
}

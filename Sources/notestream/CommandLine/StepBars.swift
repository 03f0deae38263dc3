import Synchronization

/// One progress bar after another, for work in named steps that reports from any thread.
final class StepBars: Sendable {
    private struct State {
        var step = ""
        var bar: ProgressBar?
    }

    private let state = Mutex(State())

    func show(_ step: String, _ done: Int, _ total: Int, _ note: String = "") {
        state.withLock { state in
            if state.step != step {
                state.bar?.finish()
                state.step = step
                state.bar = ProgressBar(step, total: total)
            }
            state.bar?.show(done, note: note)
        }
    }

    func finish() { state.withLock { $0.bar?.finish() } }
}

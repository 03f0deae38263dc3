import Dispatch
import Foundation
import Synchronization

/// Tells threads to end, and waits until they have.
final class StopFlag: Sendable {
    private let isUp = Atomic<Bool>(false)
    private let raised = DispatchSemaphore(value: 0)
    private let work = DispatchGroup()

    var isSet: Bool { isUp.load(ordering: .acquiring) }

    func set() {
        isUp.store(true, ordering: .releasing)
        raised.signal()
    }

    /// Sleeps, unless the flag is up or goes up.
    func sleep(_ duration: Duration) {
        if !isSet, raised.wait(timeout: .now() + duration / .seconds(1)) == .success { raised.signal() }
    }

    /// Work on a thread of its own that looks at the flag.
    func run(_ name: String, _ body: @escaping @Sendable () -> Void) {
        work.enter()
        let thread = Thread { [work] in
            body()
            work.leave()
        }
        thread.name = name
        thread.start()
    }

    func waitForWork() { work.wait() }
}

import Foundation
import Synchronization

/// Work on a thread of its own, whose end and error can be waited for.
package final class Background: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)
    private let done = DispatchGroup()

    /// Begins the work.
    package init(_ work: @escaping @Sendable () throws -> Void) {
        done.enter()
        let thread = Thread { [self] in
            let ended = Result { try work() }
            result.withLock { $0 = ended }
            done.leave()
        }
        thread.start()
    }

    /// Whether the work is over.
    package var hasEnded: Bool { result.withLock { $0 != nil } }

    /// Waits for the end; throws what the work threw.
    package func wait() throws {
        done.wait()
        try result.withLock { $0 }?.get()
    }
}

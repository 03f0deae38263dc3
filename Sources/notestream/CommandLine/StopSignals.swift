import Foundation
import Synchronization

/// SIGINT and SIGTERM, turned into a call on a thread of its own.
///
/// A handler that sets a flag, and a thread that looks at it. Whoever starts the program may have blocked both signals (a
/// thread of libdispatch has, and hands that on to its children), so they are unblocked first: made on the main thread,
/// before others are started, this leaves one that always takes them.
final class StopSignals: Sendable {
    private static let received = Atomic<Bool>(false)
    private let isCancelled = Atomic<Bool>(false)

    init(_ action: @escaping @Sendable () -> Void) {
        // Also makes sure that the flag is there before a handler touches it.
        Self.received.store(false, ordering: .sequentiallyConsistent)
        var both = sigset_t()
        sigemptyset(&both)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&both, number)
            signal(number) { _ in StopSignals.received.store(true, ordering: .sequentiallyConsistent) }
        }
        pthread_sigmask(SIG_UNBLOCK, &both, nil)
        let thread = Thread { [self] in
            while !isCancelled.load(ordering: .sequentiallyConsistent) {
                usleep(50_000)
                guard Self.received.exchange(false, ordering: .sequentiallyConsistent) else { continue }
                action()
            }
        }
        thread.name = "signals"
        thread.start()
    }

    func cancel() { isCancelled.store(true, ordering: .sequentiallyConsistent) }
}

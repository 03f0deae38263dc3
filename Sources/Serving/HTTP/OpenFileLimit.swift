import Glibc

/// How many files and connections this process may have open.
enum OpenFileLimit {
    /// Kept free for the store's files and the brokers' connections.
    private static let reserve = 512

    /// Raises the limit as far as the system lets it; answers how many connections of `wanted` it leaves room for.
    static func connections(wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        }
        let room = limit.rlim_cur > UInt(Int.max) ? Int.max : Int(limit.rlim_cur)
        return min(wanted, max(64, room - reserve))
    }
}

import Foundation
import Pipeline

extension Notestream {
    static let digest = Command(
        name: "digest", summary: "Print a digest of the (stopped) stores' state, for each partition.",
        discussion: """
            One JSON object a line: what it is of (notes, windows, pairs, activity, profiles, index), the partition, how many
            rows, the digest, and the offset up to which the partition's records are in it. The digest does not depend on the
            order of rows; caches and float bits are left out. Two replays of one log give the same digests, whatever crashed
            on the way. Before comparing, stop the service and let it have run past a tick ('notestream publish --tick').
            """,
        options: Context.options
    ) { arguments in
        let context = try Context(arguments)
        let digests = try StoreInspection(context.settings, context.topics, context.client).digests()
        for digest in digests { Output.line(digest.json) }
        return digests.isEmpty ? .negative : .success
    }
}

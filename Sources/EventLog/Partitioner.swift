/// Kafka's default partitioner, so that readers can say where a key lives without asking a producer.
public enum Partitioner {
    /// The partition Kafka's own clients give a key: `(murmur2(key) & 0x7fffffff) % count`.
    ///
    /// - Precondition: `count > 0`.
    public static func partition(for key: [UInt8], count: Int32) -> Int32 {
        precondition(count > 0, "a topic has at least one partition")
        return Int32(murmur2(key) & 0x7fff_ffff) % count
    }

    /// MurmurHash2 with Kafka's seed (`org.apache.kafka.common.utils.Utils.murmur2`).
    public static func murmur2(_ key: [UInt8]) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: key.count)
        let words = key.count & ~3
        var at = 0
        while at < words {
            var word =
                UInt32(key[at]) | UInt32(key[at + 1]) << 8 | UInt32(key[at + 2]) << 16 | UInt32(key[at + 3]) << 24
            word &*= multiplier
            word ^= word >> 24
            word &*= multiplier
            hash = (hash &* multiplier) ^ word
            at += 4
        }
        let rest = key.count - words
        if rest > 0 {
            for index in 0..<rest { hash ^= UInt32(key[words + index]) << UInt32(8 * index) }
            hash &*= multiplier
        }
        hash ^= hash >> 13
        hash &*= multiplier
        return hash ^ (hash >> 15)
    }
}

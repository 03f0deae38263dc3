import EventLog
import Testing

@Suite("Kafka's default partitioner")
struct PartitionerTests {
    /// The values of `UtilsTest.testMurmur2` in Apache Kafka.
    @Test(arguments: [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ])
    func knownValues(text: String, hash: Int32) {
        #expect(Int32(bitPattern: Partitioner.murmur2(Array(text.utf8))) == hash)
    }

    @Test func partitionOfKnownKeys() {
        // foobar: (-790332482 & 0x7fffffff) % 7
        #expect(Partitioner.partition(for: Array("foobar".utf8), count: 7) == Int32(1_357_151_166 % 7))
        #expect(Partitioner.partition(for: [], count: 1) == 0)
    }
}

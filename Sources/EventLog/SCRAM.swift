import CRdKafka

extension ClientSettings {
    /// What is known not to work before any broker is asked; each a sentence for the operator.
    public var warnings: [String] { [scramWarning].compactMap(\.self) }

    /// The SASL mechanism, under either of librdkafka's names for it.
    var mechanism: String? { properties["sasl.mechanism"] ?? properties["sasl.mechanisms"] }

    /// librdkafka before 2.6.1 answers with a wrong nonce, which Apache Kafka checks since 3.8.1 (and since 3.7.2 and 3.6.3
    /// in those lines): github.com/confluentinc/librdkafka/pull/4895. Older brokers take it, so this is no error.
    var scramWarning: String? {
        guard mechanism?.uppercased().hasPrefix("SCRAM-") == true, rd_kafka_version() < 0x0206_01_00 else { return nil }
        return
            "librdkafka \(String(cString: rd_kafka_version_str())) cannot authenticate with SCRAM to Apache Kafka 3.8.1 or "
            + "later: install librdkafka 2.6.1 or later, or use PLAIN over TLS (sasl.mechanism, security.protocol)"
    }
}

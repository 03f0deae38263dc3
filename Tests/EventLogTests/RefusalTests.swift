import EventLog
import Testing

/// Lines as librdkafka 2.0.2 wrote them against Apache Kafka 4.4. Where they come from in life: SecurityTests.
@Suite("Refusals in librdkafka's log")
struct RefusalTests {
    private static let lines: [(String, Refusal.Reason?)] = [
        (
            "[thrd:sasl_ssl://b:1/bootstrap]: sasl_ssl://b:1/bootstrap: SASL authentication error: Authentication failed: "
                + "Invalid username or password (after 303ms in state AUTH_REQ)", .credentials
        ),
        (
            "sasl_ssl://b:1/bootstrap: SASL authentication error: Authentication failed during authentication due to "
                + "invalid credentials with SASL mechanism SCRAM-SHA-256", .credentials
        ),
        (
            "sasl_ssl://b:1/bootstrap: SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: "
                + "broker's supported mechanisms: PLAIN (after 304ms in state AUTH_HANDSHAKE)", .mechanism
        ),
        (
            "sasl_plaintext://b:1/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Request not valid in current "
                + "SASL state: broker's supported mechanisms:  (after 2ms in state AUTH_HANDSHAKE)", .speaksNoSASL
        ),
        (
            "ssl://b:1/bootstrap: error:0A000086:SSL routines::certificate verify failed (after 39ms in state "
                + "SSL_HANDSHAKE)", .brokerCertificate
        ),
        (
            "ssl://b:1/bootstrap: Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert "
                + "number 46 (after 0ms in state APIVERSION_QUERY)", .clientCertificate
        ),
        (
            "ssl://b:1/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert "
                + "number 42 (after 0ms in state APIVERSION_QUERY)", .clientCertificate
        ),
        (
            "b:1/bootstrap: Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol "
                + "configuration (connecting to a SSL listener?) or broker version is < 0.10", .wantsTLS
        ),
        (
            "ssl://b:1/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading (after "
                + "17ms in state SSL_HANDSHAKE)", .speaksNoTLS
        ),
        (
            "ssl://b:1/bootstrap: Disconnected: verify that security.protocol is correctly configured, broker might "
                + "require SASL authentication (after 10ms in state UP)", .wantsSASL
        ),
        // What merely was broken off, or is about a broker that is away.
        (
            "sasl_ssl://b:1/bootstrap: SASL authentication error: SaslAuthenticateRequest failed: Local: Broker handle "
                + "destroyed (after 0ms in state DOWN)", nil
        ),
        ("b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)", nil),
        ("ssl://b:1/1: Disconnected (after 10539ms in state UP)", nil),
        (
            "ssl://b:1/1: Receive failed: error:0A000126:SSL routines::unexpected eof while reading (after 9000ms in "
                + "state UP)", nil
        ),
    ]

    @Test("A line is read as what it means", arguments: lines)
    func reading(_ line: String, _ reason: Refusal.Reason?) {
        #expect(Refusal(line)?.reason == reason)
    }
}

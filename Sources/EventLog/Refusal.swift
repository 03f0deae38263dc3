/// Why brokers and a client do not let each other in.
///
/// librdkafka says so in its log alone and tries again for ever: a blocking call merely runs out of time. So its log lines
/// are read here, by the phrases of 2.0.2 and OpenSSL 3, and turned into what an operator can act on. A line that another
/// version words differently is told as it is, as the last trouble of the call that fails.
package struct Refusal: Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// The broker takes neither user nor password.
        case credentials
        /// The listener offers other SASL mechanisms.
        case mechanism
        /// The broker's certificate is not signed by an authority we trust, or is of another host.
        case brokerCertificate
        /// The broker does not accept our certificate, or misses one.
        case clientCertificate
        /// Hung up on a connection without TLS.
        case wantsTLS
        /// Does not understand TLS.
        case speaksNoTLS
        /// Hung up on a client that did not say who it is.
        case wantsSASL
        /// Does not ask who we are.
        case speaksNoSASL
    }

    package let reason: Reason
    /// librdkafka's line: the broker and what happened, without the thread's name, the time and the count of repetitions,
    /// so that a refusal always reads the same.
    let line: String

    /// Reads a line of librdkafka's log; nil for one about anything else.
    package init?(_ line: String) {
        // An exchange that was broken off on this side: no answer, no refusal.
        if line.contains("failed: Local: ") { return nil }
        let phrase = Self.phrases.first { _, words in words.allSatisfy { line.contains($0) } }
        guard let phrase else { return nil }
        reason = phrase.reason
        let start = line.hasPrefix("[thrd:") ? line.firstRange(of: "]: ")?.upperBound : nil
        let end = line.ranges(of: " (after ").last?.lowerBound
        self.line = String(line[(start ?? line.startIndex)..<(end ?? line.endIndex)])
    }

    private static let phrases: [(reason: Reason, words: [String])] = [
        (.speaksNoSASL, ["mechanism handshake failed", "not valid in current SASL state"]),
        (.mechanism, ["mechanism handshake failed"]),
        (.credentials, ["SASL authentication error"]),
        (.brokerCertificate, ["certificate verify failed"]),
        // As TLS names the alerts: bad, unknown, expired, revoked, unsupported certificate, certificate required.
        (.clientCertificate, ["SSL routines", " alert ", "certificate"]),
        (.clientCertificate, ["SSL routines", "alert unknown ca"]),
        (.clientCertificate, ["client SSL authentication might be required"]),
        (.wantsTLS, ["connecting to a SSL listener?"]),
        (.speaksNoTLS, ["connecting to a PLAINTEXT broker listener?"]),
        (.speaksNoTLS, ["SSL routines", "unexpected eof", "SSL_HANDSHAKE"]),
        (.speaksNoTLS, ["SSL routines", "wrong version number"]),
        (.wantsSASL, ["broker might require SASL authentication"]),
    ]

    /// A broker that hangs up may just be restarting; one that names its reason means it.
    var isCertain: Bool {
        switch reason {
        case .credentials, .mechanism, .brokerCertificate, .clientCertificate, .speaksNoSASL: true
        case .wantsTLS, .speaksNoTLS, .wantsSASL: false
        }
    }

    /// It is about TLS, not about who we are.
    var isAboutTLS: Bool {
        switch reason {
        case .brokerCertificate, .clientCertificate, .wantsTLS, .speaksNoTLS: true
        case .credentials, .mechanism, .wantsSASL, .speaksNoSASL: false
        }
    }
}

extension Refusal {
    /// What is wrong and which setting to look at, then librdkafka's own words.
    func explained(to settings: ClientSettings) -> String { advice(settings) + "; librdkafka says: " + line }

    private func advice(_ settings: ClientSettings) -> String {
        let properties = settings.properties
        switch reason {
        case .credentials:
            let user = properties["sasl.username"].map { "user '\($0)'" } ?? "this client's credentials"
            let scram = settings.scramWarning.map { "; " + $0 } ?? ""
            return "the broker refused \(user): check sasl.username and sasl.password" + scram
        case .mechanism:
            let mechanism = settings.mechanism ?? "GSSAPI"
            return "the broker does not offer SASL mechanism '\(mechanism)' here: check sasl.mechanism"
        case .speaksNoSASL:
            return "the broker asks for no SASL here: check security.protocol and the port in bootstrap_servers"
        case .brokerCertificate:
            let authority = properties["ssl.ca.location"].map { "'\($0)'" } ?? "the system's authorities"
            return "the broker's certificate could not be verified with \(authority): check ssl.ca.location, and that "
                + "bootstrap_servers names the broker by a name that is in its certificate"
        case .clientCertificate:
            let own = ["ssl.certificate.location", "ssl.keystore.location"].compactMap { properties[$0] }.first
            guard let own else {
                return "the broker wants a client certificate: set ssl.certificate.location and ssl.key.location"
            }
            return
                "the broker refused the client certificate '\(own)': check that it has not expired and is signed by an "
                + "authority that the broker trusts (ssl.certificate.location)"
        case .wantsTLS:
            return
                "the broker hung up on a client without TLS: check security.protocol (SSL or SASL_SSL where the port in "
                + "bootstrap_servers is one for TLS)"
        case .speaksNoTLS:
            return "the broker does not speak TLS here: check security.protocol and the port in bootstrap_servers"
        case .wantsSASL:
            return
                "the broker hung up on a client that does not authenticate: check security.protocol (SASL_SSL where the "
                + "port in bootstrap_servers asks for a password)"
        }
    }
}

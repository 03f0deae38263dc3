import BrokerSupport
import Configuration
import EventLog
import Foundation
import Pipeline
import Schemas
import Support
import Testing

extension IntegrationTests {
    /// The HTTP server of a running service.
    @Suite("Serving", .serialized, .timeLimit(.minutes(5)))
    struct ServingTests {
        @Test(
            "Health, metrics and look-ups of a running service; with a token, for those who have it",
            arguments: TestBrokers.kafka)
        func lookups(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 16, clicks: 120)
            let served = try ServedDeployment(broker, "http", token: "open sesame")
            let deployment = served.deployment
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            let port = try served.start()
            func ask(_ path: String, token: String? = "open sesame") throws -> RawAnswer {
                try RawAnswer(port: port, "GET", path, headers: token.map { ["Authorization: Bearer \($0)"] } ?? [])
            }
            #expect(try ask("/healthz", token: nil).status == 200)
            let isReady = try wait(.seconds(60)) { try ask("/readyz", token: nil).status == 200 }
            #expect(isReady)
            try deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try deployment.waitUntilDrained()

            let outcome = try Outcome(deployment)
            for note in sample.notes {
                let id = text(note.id)
                let profile = try NoteProfile(json: Array(try ask("/v1/notes/\(id)").body.utf8))
                #expect(profile.title == note.title)
                let list = try RecommendationList(json: Array(try ask("/v1/notes/\(id)/related").body.utf8))
                #expect(list == outcome.lists[note.id])
                let short = try RecommendationList(json: Array(try ask("/v1/notes/\(id)/related?k=2").body.utf8))
                #expect(short.items == Array(list.items.prefix(2)))
            }
            #expect(try ask("/v1/notes/nobody").status == 404)
            #expect(try ask("/v1/notes/\(text(sample.notes[0].id))/related?k=none").status == 400)
            #expect(try ask("/v1/notes/x", token: nil).status == 401)
            #expect(try ask("/metrics", token: "close sesame").status == 401)

            let metrics = try ask("/metrics").body
            #expect(metrics.contains("notestream_stage_ready{stage=\"recommend\"} 1\n"))
            #expect(metrics.contains("notestream_stage_records_total{stage=\"session\"} \(sample.clicks.count)\n"))
            #expect(metrics.contains("notestream_stage_records_total{stage=\"profile\"} \(sample.notes.count)\n"))
            let log = try #require(deployment.instances[Deployment.first]).errors()
            #expect(!log.contains("open sesame"))
            #expect(try deployment.stop().exit == 0)
        }

        /// A running service with a small log behind it.
        private func running(
            _ broker: TestBroker, _ purpose: String
        ) throws -> (served: ServedDeployment, sample: SampleLog, port: Int) {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 30, clicks: 300)
            let served = try ServedDeployment(broker, purpose)
            let port = try served.start(workingOff: sample)
            return (served, sample, port)
        }

        @Test(
            "What is made to order: lists, searches, a user's, the newest, trending, a map",
            arguments: TestBrokers.kafka)
        func madeToOrder(broker: TestBroker) throws {
            let (served, sample, port) = try running(broker, "ordered")
            func get(_ path: String) throws -> RawAnswer { try RawAnswer(port: port, "GET", path) }
            func post(_ path: String, _ body: String, type: String = "application/json") throws -> RawAnswer {
                try RawAnswer(port: port, "POST", path, headers: ["Content-Type: \(type)"], body: body)
            }
            let outcome = try Outcome(served.deployment)
            let profiles = outcome.profiles.values.filter { !$0.isEmpty }.compactMap { try? NoteProfile(json: $0) }
            let titles = Dictionary(profiles.map { ($0.note, $0.title) }, uniquingKeysWith: { first, _ in first })
            let id = text(sample.notes[0].id)

            let expanded = try get("/v1/notes/\(id)/related?expand=true").list("items")
            let sent = try #require(outcome.lists[sample.notes[0].id]).items
            #expect(expanded.map { $0["note"] as? String } == sent.map(\.note))
            for item in expanded {
                let note = try #require(item["note"] as? String)
                #expect(item["title"] as? String == titles[note])
            }
            let category = try #require(expanded.compactMap { $0["category"] as? String }.last)
            let some = try get("/v1/notes/\(id)/related?category=\(category)&expand=true&k=3").list("items")
            #expect(!some.isEmpty && some.allSatisfy { $0["category"] as? String == category })
            #expect(try get("/v1/notes/\(id)/related?diversity=0.9").list("items").count == sent.count)
            #expect(try get("/v1/notes/\(id)/related?next=true&k=4").list("items").count == 4)
            for wrong in ["diversity=2", "k=0", "k=1001", "next=yes", "expand=1"] {
                #expect(try get("/v1/notes/\(id)/related?\(wrong)").status == 400, "\(wrong)")
            }

            let title = sample.notes[7].title
            let body = String(decoding: try JSONEncoder().encode(["text": title]), as: UTF8.self)
            let found = try post("/v1/search", body)
            #expect(found.status == 200)
            #expect(found.list("items").first?["note"] as? String == text(sample.notes[7].id))
            #expect(try post("/v1/search", body, type: "text/plain").status == 415)
            for wrong in ["{}", "{\"text\": 1}", "{\"text\": \" \"}", "{\"text\": \"a\", \"k\": 0}", "[", ""] {
                #expect(try post("/v1/search", wrong).status == 400, "\(wrong)")
            }

            let user = try #require(sample.clicks.last)
            let recommended = try get("/v1/users/\(text(user.user))/recommended?k=5")
            let clicked = Set(recommended.list("clicks").compactMap { $0["note"] as? String })
            #expect(recommended.list("clicks").first?["note"] as? String == text(user.note))
            #expect(recommended.list("items").count == 5)
            #expect(recommended.list("items").allSatisfy { !clicked.contains($0["note"] as? String ?? "") })
            #expect(try get("/v1/users/nobody/recommended").status == 404)

            let newest = try get("/v1/notes?k=5").list("notes").compactMap { $0["note"] as? String }
            let expected = sample.notes.sorted { $0.created > $1.created }.prefix(5).map { text($0.id) }
            #expect(newest == expected)
            #expect(try get("/v1/trending?k=3").list("notes").count == 3)
            let points = try get("/v1/map").list("points")
            #expect(Set(points.compactMap { $0["note"] as? String }) == Set(sample.notes.map { text($0.id) }))
            let models = try get("/v1/models")
            #expect(models.list("versions").first?["version"] as? String == models.object["serving"] as? String)
            let stats = try get("/v1/stats").object
            #expect(stats["ready"] as? Bool == true)
            #expect(stats["notes"] as? Int == sample.notes.count)
            #expect((stats["freshnessSeconds"] as? [String: Any])?["count"] as? Int == sample.notes.count)
            #expect(try served.deployment.stop().exit == 0)
        }

        @Test(
            "A note posted over HTTP goes the way of all notes, its trace with it, and comes out on the stream",
            arguments: TestBrokers.kafka)
        func posted(broker: TestBroker) throws {
            let (served, _, port) = try running(broker, "posted")
            let stream = try EventClient(port: port, "/v1/stream?note=my%2Fnote&note=traced")
            let answer = try RawAnswer(
                port: port, "POST", "/v1/notes", headers: ["Content-Type: application/json"],
                body:
                    #"{"id": "my/note", "title": "Dry hopping at home", "content": "How long do citra hops stay in?"}"#)
            #expect(answer.status == 202)
            let event = try #require(stream.next(within: .seconds(30)))
            #expect(stream.status == 200 && event.name == "list")
            let told = try #require(
                try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any])
            #expect(told["posted"] as? String == answer.object["posted"] as? String)
            let times = ["posted", "profiled", "sent"].compactMap { (told[$0] as? String) }
            #expect(times.count == 3 && times == times.sorted())
            #expect(
                try RawAnswer(port: port, "GET", "/v1/notes/my%2Fnote").object["title"] as? String
                    == "Dry hopping at home")

            // As another producer would: with a trace.
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let producer = try Producer(broker.settings)
            try producer.produce(
                OutgoingRecord(
                    topic: served.deployment.topics.name(of: .notes), key: Array("traced".utf8),
                    value: Array(#"{"title": "Late hops"}"#.utf8),
                    headers: [Header("traceparent", "00-\(trace)-00f067aa0ba902b7-01")]))
            try producer.flush()
            #expect(stream.next(within: .seconds(30)) != nil)
            for topic in [TopicName.noteProfiles, .noteRecommendations] {
                var parents: [String] = []
                try TopicReader(broker.settings).readToEnd(served.deployment.topics.places(of: topic)) { record in
                    guard text(record.key ?? []).hasPrefix("traced") else { return }
                    parents += record.header("traceparent").map { [text($0)] } ?? []
                }
                #expect(parents.count == 1, "\(topic)")
                #expect(parents.allSatisfy { $0.contains(trace) && !$0.contains("00f067aa0ba902b7") }, "\(parents)")
            }

            for (wrong, type) in [
                ("{}", "application/json"), ("{\"title\": 1}", "application/json"), ("not JSON", "application/json"),
                ("{\"title\": \"a\"}", "text/plain"), ("{\"title\": \"a\"}", "application/x-www-form-urlencoded"),
            ] {
                let refused = try RawAnswer(
                    port: port, "POST", "/v1/notes", headers: ["Content-Type: \(type)"], body: wrong)
                #expect(refused.status == (type == "application/json" ? 400 : 415), "\(wrong)")
            }
            #expect(try served.deployment.stop().exit == 0)
        }

        @Test(
            "In a fleet each instance answers for what it owns, and sends on for the rest", arguments: TestBrokers.kafka
        )
        func fleet(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let sample = try SampleLog.simulated(into: folder, notes: 24, clicks: 200)
            let served = try ServedDeployment(broker, "fleet")
            try served.deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            var ports: [Int] = []
            for instance in ["one", "two"] {
                let port = try ServedDeployment.freePort()
                ports.append(
                    try served.start(
                        instance,
                        [
                            "NOTESTREAM_HTTP_LISTEN": "127.0.0.1:\(port)",
                            "NOTESTREAM_HTTP_ADVERTISE": "http://127.0.0.1:\(port)",
                        ]))
            }
            for instance in ["one", "two"] { try served.deployment.waitUntilReady(instance) }
            try served.deployment.succeed("publish", "--notes", sample.notesPath, "--clicks", sample.clicksPath)
            try served.deployment.waitUntilDrained()
            let outcome = try Outcome(served.deployment)
            var sentOn = 0
            for (index, port) in ports.enumerated() {
                let other = ports[1 - index]
                for note in sample.notes {
                    let path = "/v1/notes/\(text(note.id))/related?k=7"
                    var answer = try RawAnswer(port: port, "GET", path)
                    let isKnown = try wait(.seconds(10)) {
                        answer = try RawAnswer(port: port, "GET", path)
                        return answer.status != 503
                    }
                    #expect(isKnown, "\(answer.text)")
                    if answer.status == 307 {
                        #expect(answer.header("Location") == "http://127.0.0.1:\(other)\(path)")
                        answer = try RawAnswer(port: other, "GET", path)
                        sentOn += 1
                    }
                    let list = try RecommendationList(json: Array(answer.body.utf8))
                    #expect(list.items == Array(try #require(outcome.lists[note.id]).items.prefix(7)))
                    // Profiles are everywhere.
                    #expect(try RawAnswer(port: port, "GET", "/v1/notes/\(text(note.id))").status == 200)
                }
                for user in Set(sample.clicks.map(\.user)) {
                    let answer = try RawAnswer(port: port, "GET", "/v1/users/\(text(user))/recommended?k=3")
                    if answer.status == 307 {
                        let there = try RawAnswer(port: other, "GET", "/v1/users/\(text(user))/recommended?k=3")
                        #expect(there.status == 200 || there.status == 404)
                    } else {
                        #expect(answer.status == 200 || answer.status == 404 || answer.status == 503, "\(answer.text)")
                    }
                }
            }
            // Both asked for all: each note was one's and not the other's.
            #expect(sentOn == sample.notes.count)
            for instance in ["one", "two"] { try served.deployment.stop(instance) }
        }

        @Test("With a certificate it speaks HTTPS, and nothing else", arguments: TestBrokers.kafka)
        func encrypted(broker: TestBroker) throws {
            let folder = try TemporaryFolder()
            let (certificate, key) = (folder.path + "/cert.pem", folder.path + "/key.pem")
            let made = try Binary.run(
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                    certificate,
                ], program: "/usr/bin/openssl")
            try #require(made.exit == 0, "\(made.errors)")
            let served = try ServedDeployment(
                broker, "https",
                settings: ["NOTESTREAM_HTTP_CERTIFICATE": certificate, "NOTESTREAM_HTTP_KEY": key])
            let port = try served.start()
            let script = """
                import ssl, sys, urllib.request
                trusted = ssl.create_default_context(cafile=sys.argv[2])
                print(urllib.request.urlopen(sys.argv[1], context=trusted).read().decode(), end="")
                """
            let asked = try Binary.run(
                ["-c", script, "https://localhost:\(port)/healthz", certificate], program: "/usr/bin/python3")
            #expect(asked.output == "alive\n", "\(asked.errors)")
            #expect(try RawAnswer(port: port, "GET", "/healthz").status == 0)
            #expect(try served.deployment.stop().exit == 0)
        }

        @Test("To listen beyond this machine takes a token; an address is numbers and a port")
        func refused() throws {
            let open = try Binary.run(["run"], ["NOTESTREAM_HTTP_LISTEN": "0.0.0.0:0"])
            #expect(open.exit == 78)
            #expect(open.errors.contains("http.token_file"))
            let wrong = try Binary.run(["run"], ["NOTESTREAM_HTTP_LISTEN": "somewhere:80"])
            #expect(wrong.exit == 78)
            #expect(wrong.errors.contains("'somewhere:80' is no address"))
        }
    }
}

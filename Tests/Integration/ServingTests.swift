import BrokerSupport
import EventLog
import Foundation
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
            let token = folder.path + "/token"
            try "open sesame\n".write(toFile: token, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            let deployment = try Deployment(
                broker, "http",
                settings: ["NOTESTREAM_HTTP_LISTEN": "127.0.0.1:0", "NOTESTREAM_HTTP_TOKEN_FILE": token])
            try deployment.succeed("models", "bootstrap", "--notes", sample.notesPath)
            try deployment.start()
            var port = 0
            let isListening = try wait(.seconds(30)) {
                port =
                    try deployment.lines("listening").first?["http"]?.split(separator: ":").last.flatMap { Int($0) }
                    ?? 0
                return port > 0
            }
            try #require(isListening)
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

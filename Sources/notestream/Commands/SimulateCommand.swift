import Evaluation
import NoteLLM

extension Notestream {
    static let simulate = Command(
        name: "simulate", summary: "Write a sample log: notes and clicks made up by a seed.",
        discussion: """
            Topics with words of their own, users with interests, circles who click the same notes whatever they are about,
            quiet nights. Topics come in twos of different categories that the same people like, which no word shows and
            clicks do: something for a training to learn. The same options give the same files.
            """,
        options: [
            .value("--into", "FOLDER", "where notes.jsonl and clicks.tsv are written"),
            .value("--notes", "N", default: "600", "how many notes"),
            .value("--clicks", "N", default: "6000", "how many clicks"),
            .value("--users", "N", default: "300", "how many users"),
            .value("--days", "N", default: "10", "over how many days"),
            .value("--seed", "N", default: "1", "another seed gives another log"),
        ]
    ) { arguments in
        guard let folder = arguments["--into"] else { throw UsageError("--into is needed") }
        let settings = SimulationSettings(
            notes: try arguments.value("--notes"), clicks: try arguments.value("--clicks"),
            users: try arguments.value("--users"), days: try arguments.value("--days"),
            seed: try arguments.value("--seed"))
        let simulation = Simulation(settings)
        try simulation.write(to: folder)
        Output.line(
            "wrote \(simulation.notes.count) notes and \(simulation.clicks.count) clicks into \(folder): notes.jsonl, clicks.tsv"
        )
        return .success
    }
}

/// What version 0 is made of: simulated notes, the same for everyone.
enum FirstNotes {
    static func texts() -> [NoteText] {
        Simulation(SimulationSettings(notes: 512, clicks: 0)).notes.map {
            NoteText(title: $0.title, content: $0.content)
        }
    }
}

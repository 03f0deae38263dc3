import CoOccurrence
import Foundation
import LanguageModel
import NoteLLM
import Ranking

/// What to evaluate.
public struct EvaluationRequest: Sendable {
    /// The notes file.
    public var notesPath: String
    /// The clicks file.
    public var clicksPath: String
    /// The base language model's file (GGUF).
    public var baseModelPath: String
    /// The model version; nil bootstraps one from the notes of the first half.
    public var version: ModelVersion?
    /// Whether the weights are fitted on the first half; else they are the version's.
    public var fits: Bool
    /// Whether hashtags are judged too, by a bootstrap of their own from the first 80 % of the notes.
    public var judgesTags: Bool
    /// Threads that read notes.
    public var threads: Int
    /// Resamples of the paired bootstrap.
    public var resamples: Int
    /// Windows, fit, seed.
    public var settings: PrequentialSettings

    /// A request from its parts.
    public init(
        notesPath: String, clicksPath: String, baseModelPath: String, version: ModelVersion? = nil, fits: Bool = true,
        judgesTags: Bool = true, threads: Int = 1, resamples: Int = 2000,
        settings: PrequentialSettings = PrequentialSettings()
    ) {
        self.notesPath = notesPath
        self.clicksPath = clicksPath
        self.baseModelPath = baseModelPath
        self.version = version
        self.fits = fits
        self.judgesTags = judgesTags
        self.threads = threads
        self.resamples = resamples
        self.settings = settings
    }
}

/// Where an evaluation stands.
public enum EvaluationStep: String, Sendable, CaseIterable {
    /// Pooled states of the notes, by the language model.
    case reading = "reading notes"
    /// A model version from the first half.
    case bootstrapping = "bootstrapping"
    /// The log, line by line.
    case walking = "walking the log"
    /// Hashtags.
    case tagging = "judging hashtags"
}

/// What an evaluation gives.
public struct EvaluationOutcome: Sendable {
    /// The figures.
    public let report: EvaluationReport
    /// The version that was evaluated, with the weights that ranked.
    public let version: ModelVersion
}

/// Prequential evaluation of a log, from files to report: what `notestream evaluate` runs.
public enum Evaluation {
    /// Evaluates.
    ///
    /// - Parameters:
    ///   - request: files, model, settings.
    ///   - progress: called from any thread with a step and how far it is.
    public static func run(
        _ request: EvaluationRequest,
        progress: (@Sendable (EvaluationStep, _ done: Int, _ total: Int) -> Void)? = nil
    ) throws(EvaluationError) -> EvaluationOutcome {
        let log: EngagementLog
        do throws(LogFileError) {
            log = EngagementLog(
                notes: try LogFiles.notes(at: request.notesPath), clicks: try LogFiles.clicks(at: request.clicksPath))
        } catch {
            throw .file(error)
        }
        guard log.notes.count >= 10, log.clicks.count >= 10 else {
            throw .input(
                "Too small to halve: \(log.notes.count) notes and \(log.clicks.count) clicks; give ten of each.")
        }
        let reading = request.version?.manifest.reading ?? .standard
        let states = try pooledStates(of: log, request, reading, progress)
        progress?(.bootstrapping, 0, 1)
        let base: ModelVersion
        if let version = request.version {
            base = version
        } else {
            base = try bootstrap(log, states, count: firstHalfNotes(log), request, reading)
        }
        progress?(.bootstrapping, 1, 1)
        return try run(request, log, states, base, progress)
    }

    /// Notes that were created before the second half began.
    private static func firstHalfNotes(_ log: EngagementLog) -> Int {
        max(Bootstrap.minimumNotes, log.notesCreated(before: log.clicks[log.half].time))
    }

    private static func run(
        _ request: EvaluationRequest, _ log: EngagementLog, _ states: [[Float]], _ base: ModelVersion,
        _ progress: (@Sendable (EvaluationStep, Int, Int) -> Void)?
    ) throws(EvaluationError) -> EvaluationOutcome {
        let walk = Prequential(log, embeddings: states.map(base.embedding), settings: request.settings)
        let given = request.fits ? nil : ListWeights(base.manifest.listWeights)
        let result = try walk.run(weights: given) { progress?(.walking, $0, $1) }
        var tags: TagRecall?
        if request.judgesTags {
            progress?(.tagging, 0, 1)
            let tagger = try bootstrap(
                log, states, count: TagJudge.trainingCount(log), request, base.manifest.reading)
            tags = try TagJudge.judge(log) { number throws(EvaluationError) in
                let profile = tagger.profile(pooled: states[number], text: log.notes[number].text)
                return profile.hashtags.map(\.tag)
            }
            progress?(.tagging, 1, 1)
        }
        let version: ModelVersion
        do throws(NoteLLMError) {
            version = request.fits ? try base.with(listWeights: result.weights.dictionary) : base
        } catch {
            throw .model(error.message)
        }
        let window = request.settings.window
        let days = Double(window.bucketMilliseconds * window.windowBuckets) / 86_400_000
        let heading = [
            "\(log.notes.count) notes, \(log.clicks.count) clicks; window \(days.formatted()) days; version \(version.id)"
        ]
        let report = EvaluationReport(
            result, tags: tags, heading: heading, resamples: request.resamples, seed: request.settings.seed)
        return EvaluationOutcome(report: report, version: version)
    }

    private static func pooledStates(
        of log: EngagementLog, _ request: EvaluationRequest, _ reading: Reading,
        _ progress: (@Sendable (EvaluationStep, Int, Int) -> Void)?
    ) throws(EvaluationError) -> [[Float]] {
        do {
            let model = try LanguageModel(path: request.baseModelPath)
            let encoder = try NoteEncoder(model: model, reading: reading)
            return try encoder.pooledStates(of: log.notes.map(\.text), threads: request.threads) {
                progress?(.reading, $0, $1)
            }
        } catch let error as LanguageModelError {
            throw .model(error.message)
        } catch let error as NoteLLMError {
            throw .model(error.message)
        } catch {
            throw .unexpected(String(describing: error))
        }
    }

    /// A version from the first `count` notes.
    private static func bootstrap(
        _ log: EngagementLog, _ states: [[Float]], count: Int, _ request: EvaluationRequest, _ reading: Reading
    ) throws(EvaluationError) -> ModelVersion {
        do throws(NoteLLMError) {
            let settings = BootstrapSettings(
                baseModelSHA256: try SHA256.hex(file: request.baseModelPath), reading: reading)
            let notes = log.notes.prefix(count).map { note in
                TrainingNote(text: note.text, hashtags: note.hashtags, category: note.category, time: note.created)
            }
            return try Bootstrap.run(notes, states: Array(states.prefix(count)), settings: settings).version
        } catch {
            throw .model(error.message)
        }
    }
}

extension LoggedNote {
    /// What the model reads: title and content alone.
    var text: NoteText { NoteText(title: title, content: content) }
}

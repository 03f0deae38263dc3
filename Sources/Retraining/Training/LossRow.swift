import Foundation
import NoteLLM

/// One step of a training.
public struct LossRow: Sendable, Equatable, Codable {
    /// Which training: a candidate's name, or `refit`.
    public var training: String
    /// The step, from 1.
    public var step: Int
    /// What was minimised.
    public var loss: Double
    /// Its contrastive part.
    public var contrastive: Double
    /// The part of hashtags (quick mode), or of the tokens of hashtags and categories (deep mode).
    public var labels: Double
    /// τ: cosines are multiplied by e^τ.
    public var temperature: Double
    /// Before clipping.
    public var gradientNorm: Double

    /// Tab-separated, under a header.
    static func table(_ rows: [LossRow]) -> String {
        var text = "training\tstep\tloss\tcontrastive\tlabels\ttemperature\tgradient_norm\n"
        for row in rows {
            let figures = [row.loss, row.contrastive, row.labels, row.temperature, row.gradientNorm]
            text += "\(row.training)\t\(row.step)\t"
            text += figures.map { String(format: "%.6f", $0) }.joined(separator: "\t") + "\n"
        }
        return text
    }
}

// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
let c: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all")]

/// A module of ours: warnings are errors, dependencies are modules above it.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

/// The tests of one module, in `Tests/<module>Tests`.
func tests(_ module: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: module + "Tests", dependencies: [.target(name: module), "Support"] + dependencies, swiftSettings: swift)
}

let package = Package(
    name: "notestream",
    targets: [
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CKernels", cSettings: c),
        .target(name: "COpenAPI", cSettings: c),
        .target(name: "CPage", exclude: ["index.html"], cSettings: c),
        module("EventLog", ["CRdKafka"]),
        module("StateStore", ["CRocksDB"]),
        module("Tensors", ["COpenBLAS"]),
        module("LanguageModel", ["Tensors"]),
        module("LexicalIndex", ["StateStore"]),
        module("NoteLLM", ["Tensors", "LanguageModel", "LexicalIndex"]),
        module("VectorIndex", ["CKernels", "StateStore"]),
        module("CoOccurrence", ["StateStore"]),
        module("Schemas"),
        module("Configuration", ["CYAML"]),
        module("Ranking", ["NoteLLM", "VectorIndex", "LexicalIndex", "CoOccurrence"]),
        module(
            "Pipeline",
            [
                "EventLog", "StateStore", "LanguageModel", "NoteLLM", "VectorIndex", "LexicalIndex", "CoOccurrence",
                "Schemas",
                "Configuration", "Ranking",
            ]),
        module(
            "Evaluation",
            [
                "Tensors", "StateStore", "LanguageModel", "LexicalIndex", "NoteLLM", "CoOccurrence", "Schemas",
                "Ranking",
            ]),
        module(
            "Retraining",
            [
                "Tensors", "EventLog", "StateStore", "LanguageModel", "NoteLLM", "CoOccurrence", "Schemas",
                "Configuration", "Ranking", "Pipeline", "Evaluation",
            ]),
        module(
            "Serving",
            [
                "CMicroHTTPD", "CPage", "COpenAPI", "Tensors", "EventLog", "NoteLLM", "Schemas", "Configuration",
                "Ranking",
                "Pipeline",
            ]),
        .executableTarget(
            name: "notestream", dependencies: ["Pipeline", "Evaluation", "Retraining", "Serving"], swiftSettings: swift),
        .executableTarget(
            name: "Subscriber", dependencies: ["Configuration", "EventLog", "Schemas"], path: "Ops/examples/swift",
            swiftSettings: swift),
        .target(name: "Support", path: "Tests/Support", swiftSettings: swift),
        .target(
            name: "BrokerSupport", dependencies: ["EventLog", "Support"], path: "Tests/BrokerSupport",
            swiftSettings: swift),
        tests("Tensors"),
        tests("LanguageModel", ["Tensors"]),
        .executableTarget(
            name: "ForwardBenchmark", dependencies: ["LanguageModel", "Tensors"], path: "Tests/Benchmarks/Forward",
            swiftSettings: swift),
        .executableTarget(
            name: "TrainingBenchmark", dependencies: ["LanguageModel", "NoteLLM"], path: "Tests/Benchmarks/Training",
            swiftSettings: swift),
        tests("CKernels"),
        tests("LexicalIndex"),
        tests("VectorIndex"),
        tests("StateStore"),
        tests("CoOccurrence", ["StateStore"]),
        tests("Ranking"),
        tests("EventLog", ["BrokerSupport", "CRdKafka"]),
        tests("Configuration"),
        tests("Serving", ["Configuration", "Pipeline"]),
        .testTarget(
            name: "SchemasTests", dependencies: ["Schemas", "Fuzzing", "Support"],
            exclude: ["ProtobufOracle.py", "Descriptions.py"], swiftSettings: swift),
        .target(
            name: "Fuzzing", dependencies: ["Schemas", "Support"], path: "Tests/Fuzzing", swiftSettings: swift),
        .executableTarget(
            name: "EventFuzz", dependencies: ["Fuzzing"], path: "Tests/Benchmarks/Fuzz", swiftSettings: swift),
        .executableTarget(
            name: "EventsBenchmark", dependencies: ["Schemas"], path: "Tests/Benchmarks/Events", swiftSettings: swift),
        tests("NoteLLM", ["LanguageModel", "Tensors"]),
        .executableTarget(
            name: "index-bench", dependencies: ["VectorIndex", "LexicalIndex"], path: "Tests/Benchmarks/Index",
            swiftSettings: swift),
        .executableTarget(
            name: "CoOccurrenceBenchmark", dependencies: ["CoOccurrence", "StateStore"],
            path: "Tests/Benchmarks/CoOccurrence", swiftSettings: swift),
        tests("Evaluation", ["Tensors", "LexicalIndex", "CoOccurrence", "Ranking"]),
        tests("Retraining", ["CoOccurrence", "Evaluation", "LanguageModel", "NoteLLM"]),
        tests(
            "Pipeline",
            [
                "BrokerSupport", "EventLog", "StateStore", "NoteLLM", "CoOccurrence", "Schemas", "Configuration",
                "Ranking",
            ]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "notestream", "Subscriber", "Support", "BrokerSupport", "Fuzzing", "EventLog", "Schemas",
                "CoOccurrence", "Configuration", "Evaluation", "Pipeline", "Serving",
            ], path: "Tests/Integration", exclude: ["OpenAPI.py", "Page"], swiftSettings: swift),
        .executableTarget(
            name: "GenerativeBenchmark", dependencies: ["Evaluation", "NoteLLM", "LanguageModel", "Tensors"],
            path: "Tests/Benchmarks/Generative", swiftSettings: swift),
        .executableTarget(
            name: "QualityBenchmark",
            dependencies: ["Evaluation", "NoteLLM", "LanguageModel", "CoOccurrence", "Tensors"],
            path: "Tests/Benchmarks/Quality", swiftSettings: swift),
    ]
)

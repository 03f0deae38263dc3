import BrokerSupport
import Foundation
import Support
import Testing

/// The program as a whole, against real brokers. One test at a time: each runs processes that use all cores.
@Suite(
    "Integration", .serialized,
    .enabled(if: Binary.path != nil, "there is no notestream binary beside the tests; set NOTESTREAM_BINARY"),
    .enabled(if: BaseModel.path != nil, "the base model's file is absent; Ops/setup fetches it"),
    .enabled(if: !TestBrokers.all.isEmpty, Comment(rawValue: TestBrokers.missing)))
enum IntegrationTests {}

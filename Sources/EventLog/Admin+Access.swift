import CRdKafka

extension Admin {
    /// Asks whether the brokers let this client in, so that a wrong password or certificate is told within seconds and in
    /// plain words.
    ///
    /// Returns where they do, and also where they cannot be reached or are slow: whatever is asked of them next tells that.
    ///
    /// - Throws: `EventLogError` with `isRefused`.
    public func requireAccess() throws(EventLogError) {
        for attempt in 1...3 {
            var metadata: UnsafePointer<rd_kafka_metadata>?
            // Of no topic: who may see none is let in all the same.
            let code = rd_kafka_metadata(client.handle, 0, nil, &metadata, 1000)
            metadata.map { rd_kafka_metadata_destroy($0) }
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { return }
            if let refusal = client.callbacks.refusal {
                if refusal.isCertain || attempt == 3 { throw EventLogError(refusal, client.callbacks.settings) }
            } else if client.callbacks.lastTrouble != nil {
                return
            }
        }
    }
}

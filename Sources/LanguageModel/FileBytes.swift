import Foundation

/// The bytes of a file, mapped read-only, or of a buffer held in memory.
///
/// A mapped file must not be shortened while it is open: the operating system answers a read past its new end with a
/// signal. Model files are written once and replaced by renaming.
final class FileBytes: @unchecked Sendable {
    // Unchecked, and safe: the memory is never written after `init` and is released by `deinit` alone.

    /// What errors call the file.
    let name: String
    let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Maps the file at `path`.
    init(path: String) throws(LanguageModelError) {
        func failure(_ step: String) -> LanguageModelError {
            LanguageModelError(.unreadable, "\(path): cannot \(step): \(String(cString: strerror(errno))).")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the file") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read the file's size") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LanguageModelError(.unreadable, "\(path): not a regular file.")
        }
        let count = Int(status.st_size)
        name = path
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            isMapped = false
            return
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw failure("map the file")
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
        isMapped = true
    }

    /// A copy of `contents`, called `name` in errors.
    init(_ contents: [UInt8], name: String) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 16)
        copy.copyBytes(from: contents)
        self.name = name
        bytes = UnsafeRawBufferPointer(copy)
        isMapped = false
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        } else {
            bytes.deallocate()
        }
    }
}

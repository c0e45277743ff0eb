package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Snapshot isolation over a backend that has none. At rest the backend holds what is committed. A command of a transaction runs with
 * later commits taken back and the transaction's own writes put in; afterwards its writes are taken out again and kept aside until
 * it commits. Two writers of one document (or of one unique key) conflict: the later one is told so, or waits outside a transaction.
 *
 * Every method is called with this object locked.
 */
final class Transactions {
    enum State { OPEN, COMMITTED, ABORTED }

    interface Work {
        Document run();
    }

    static final class Transaction {
        final String database;
        final long number;
        final long snapshot;
        final long startedMs = System.currentTimeMillis();
        final Map<TrackedBackend.Key, Document> written = new LinkedHashMap<>();
        State state = State.OPEN;

        private Transaction(String database, long number, long snapshot) {
            this.database = database;
            this.number = number;
            this.snapshot = snapshot;
        }
    }

    /** What a commit replaced, kept while a transaction older than it is open. */
    private record Commit(long sequence, Map<TrackedBackend.Key, Document> before, Set<TrackedBackend.Entry> entries) {}

    private static final long CHECK_EVERY_MS = 100;

    private final TrackedBackend backend;
    private final long lifetimeMs;
    private final Set<Transaction> open = new LinkedHashSet<>();
    private final Map<TrackedBackend.Entry, Transaction> holders = new HashMap<>();
    private final Map<TrackedBackend.Entry, Long> lastCommit = new HashMap<>();
    private final Deque<Commit> commits = new ArrayDeque<>();
    private long sequence;

    Transactions(TrackedBackend backend, long lifetimeMs) {
        this.backend = backend;
        this.lifetimeMs = lifetimeMs;
    }

    Transaction begin(String database, long number) {
        expire();
        Transaction transaction = new Transaction(database, number, sequence);
        open.add(transaction);
        return transaction;
    }

    /** @param shown which collections the command reads or writes: others need not be put into the transaction's state */
    Document runInside(Transaction transaction, Predicate<TrackedBackend.Key> shown, Work work) {
        expire();
        if (transaction.state != State.OPEN) return Errors.noSuchTransaction(transaction.number);
        Map<TrackedBackend.Key, Document> committed = backend.exchange(viewOf(transaction, shown));
        Document reply;
        try {
            reply = work.run();
        } catch (RuntimeException failure) {
            reply = Errors.of(failure);
        }
        Map<TrackedBackend.Key, Document> touched = backend.takeChanges();
        Set<TrackedBackend.Entry> entries = backend.takeEntries();
        Map<TrackedBackend.Key, Document> atRest = new LinkedHashMap<>(touched);
        atRest.putAll(committed);
        Map<TrackedBackend.Key, Document> seen = backend.exchange(atRest);
        seen.forEach((key, document) -> {
            if (touched.containsKey(key) || transaction.written.containsKey(key)) transaction.written.put(key, document);
        });
        if (entries.stream().anyMatch(entry -> conflicts(entry, transaction))) {
            abort(transaction);
            return Errors.writeConflict();
        }
        entries.forEach(entry -> holders.put(entry, transaction));
        if (Errors.isIn(reply)) abort(transaction);
        return reply;
    }

    private boolean conflicts(TrackedBackend.Entry entry, Transaction transaction) {
        Transaction holder = holders.get(entry);
        return (holder != null && holder != transaction) || lastCommit.getOrDefault(entry, 0L) > transaction.snapshot;
    }

    /** The documents in which this transaction's world differs from what is committed. */
    private Map<TrackedBackend.Key, Document> viewOf(Transaction transaction, Predicate<TrackedBackend.Key> shown) {
        Map<TrackedBackend.Key, Document> view = new LinkedHashMap<>();
        for (Commit commit : commits) {
            if (commit.sequence <= transaction.snapshot) continue;
            commit.before.forEach((key, document) -> {
                if (shown.test(key) && !view.containsKey(key)) view.put(key, document == null ? null : document.cloneDeeply());
            });
        }
        transaction.written.forEach((key, document) -> {
            if (shown.test(key)) view.put(key, document);
        });
        return view;
    }

    /** A write that meets an open transaction's document is undone, waits for that transaction's end and runs again. */
    Document runOutside(Work work) throws InterruptedException {
        while (true) {
            expire();
            Document reply;
            try {
                reply = work.run();
            } catch (RuntimeException failure) {
                reply = Errors.of(failure);
            }
            Map<TrackedBackend.Key, Document> before = backend.takeChanges();
            Set<TrackedBackend.Entry> entries = backend.takeEntries();
            if (entries.stream().noneMatch(holders::containsKey)) {
                committed(before, entries);
                return reply;
            }
            backend.exchange(before);
            wait(CHECK_EVERY_MS);
        }
    }

    /** Also when it is asked for again: a client that lost the first answer asks twice. */
    Document commit(Transaction transaction) {
        expire();
        if (transaction.state == State.ABORTED) return Errors.noSuchTransaction(transaction.number);
        if (transaction.state == State.OPEN) {
            Set<TrackedBackend.Entry> entries = release(transaction, State.COMMITTED);
            committed(backend.exchange(transaction.written), entries);
            transaction.written.clear();
        }
        return new Document("ok", 1.0);
    }

    void abort(Transaction transaction) {
        if (transaction.state != State.OPEN) return;
        release(transaction, State.ABORTED);
        transaction.written.clear();
        forgetOldCommits();
    }

    private Set<TrackedBackend.Entry> release(Transaction transaction, State state) {
        Set<TrackedBackend.Entry> entries = new HashSet<>();
        holders.forEach((entry, holder) -> {
            if (holder == transaction) entries.add(entry);
        });
        holders.keySet().removeAll(entries);
        transaction.state = state;
        open.remove(transaction);
        notifyAll();
        return entries;
    }

    private void committed(Map<TrackedBackend.Key, Document> before, Set<TrackedBackend.Entry> entries) {
        if (before.isEmpty()) return;
        sequence++;
        commits.add(new Commit(sequence, before, entries));
        entries.forEach(entry -> lastCommit.put(entry, sequence));
        forgetOldCommits();
    }

    private void forgetOldCommits() {
        long oldest = open.stream().mapToLong(transaction -> transaction.snapshot).min().orElse(sequence);
        while (!commits.isEmpty() && commits.peek().sequence <= oldest) {
            Commit commit = commits.poll();
            commit.entries.forEach(entry -> lastCommit.remove(entry, commit.sequence));
        }
    }

    /** Collections of this database go away: what transactions and snapshots knew of them goes with them. */
    void forget(String database) {
        List<Transaction> affected = new ArrayList<>(open);
        affected.removeIf(transaction -> !transaction.database.equals(database));
        affected.forEach(this::abort);
        commits.forEach(commit -> commit.before.keySet().removeIf(key -> key.database().equals(database)));
    }

    private void expire() {
        long now = System.currentTimeMillis();
        List<Transaction> late = new ArrayList<>(open);
        late.removeIf(transaction -> now - transaction.startedMs < lifetimeMs);
        late.forEach(this::abort);
    }
}

package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The way of one command: fault, session, transaction or not, reply. One command runs at a time. */
final class Engine {
    private static final Set<String> IN_TRANSACTION = Set.of("find", "getMore", "killCursors", "insert", "update", "delete",
        "findAndModify", "aggregate", "distinct", "create", "createIndexes");

    private final TrackedBackend backend = new TrackedBackend();
    private final Transactions transactions;
    private final Faults faults = new Faults();
    private final Map<Object, Session> sessions = new HashMap<>();
    private final boolean standalone;

    /** A client's session: its latest transaction or, for a retryable write, the reply it got. */
    private static final class Session {
        long number = -1;
        Transactions.Transaction transaction;
        Document reply;
    }

    Engine(boolean standalone, long lifetimeMs) {
        this.standalone = standalone;
        this.transactions = new Transactions(backend, lifetimeMs);
    }

    Document execute(Channel channel, String database, Document command) {
        String name = command.keySet().iterator().next();
        if (name.equals("weirTest")) return faults.control(command);
        String collection = command.get(name) instanceof String text ? text : "";
        Document fault = faults.next(databaseOf(name, database, command), collection, name);
        String fails = fault == null ? "" : (String) fault.get("do");
        if (fails.equals("hang")) pause(((Number) fault.getOrDefault("ms", 1000)).longValue());
        if (fails.equals("drop")) throw new Faults.ConnectionDropped();
        if (fails.equals("failBefore") || fails.equals("writeConflict")) return fail(name, command, fault);
        Document reply;
        synchronized (transactions) {
            try {
                reply = Text.outward(inSession(channel, database, name, command));
            } catch (InterruptedException interrupted) {
                throw new Faults.ConnectionDropped();
            } catch (RuntimeException failure) {
                reply = Errors.of(failure);
            }
        }
        if (fails.equals("dropAfter")) throw new Faults.ConnectionDropped();
        if (fails.equals("failAfter")) return failAfter(name, fault);
        return reply;
    }

    /** A commit is sent to `admin`; for a fault it belongs to the database it writes. */
    private String databaseOf(String name, String database, Document command) {
        if (!name.equals("commitTransaction") && !name.equals("abortTransaction")) return database;
        synchronized (transactions) {
            Session session = sessions.get(sessionKey(command));
            return session == null || session.transaction == null ? database : session.transaction.database;
        }
    }

    private Document fail(String name, Document command, Document fault) {
        boolean inTransaction = Boolean.FALSE.equals(command.get("autocommit"));
        if (inTransaction) {
            synchronized (transactions) {
                Session session = sessions.get(sessionKey(command));
                if (session != null && session.transaction != null) transactions.abort(session.transaction);
            }
        }
        if (fault.get("do").equals("writeConflict")) {
            Document conflict = Errors.writeConflict();
            if (!inTransaction) conflict.remove("errorLabels");
            return conflict;
        }
        int code = ((Number) fault.getOrDefault("code", 262)).intValue();
        return Errors.reply(code, "ExceededTimeLimit", "a fault before " + name + " took effect",
            inTransaction ? Errors.TRANSIENT : Errors.RETRYABLE);
    }

    private static Document failAfter(String name, Document fault) {
        int code = ((Number) fault.getOrDefault("code", 50)).intValue();
        return Errors.reply(code, code == 50 ? "MaxTimeMSExpired" : "UnknownError", "a fault after " + name + " took effect");
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException interrupted) {
            throw new Faults.ConnectionDropped();
        }
    }

    private Document inSession(Channel channel, String database, String name, Document command) throws InterruptedException {
        switch (name) {
            case "startSession", "refreshSessions":
                return new Document("ok", 1.0);
            case "endSessions", "killSessions":
                for (Object each : (List<?>) command.get(name)) end(sessions.remove(((Document) each).get("id")));
                return new Document("ok", 1.0);
            case "ping":
                return new Document("ok", 1.0);
            default:
        }
        Transactions.Work work = () -> Statements.run(backend, channel, database, Text.inward(command));
        if (!(command.get("txnNumber") instanceof Number given)) return outside(name, database, command, work);
        if (standalone) {
            return Errors.reply(20, "IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos");
        }
        Session session = sessions.computeIfAbsent(sessionKey(command), id -> new Session());
        long number = given.longValue();
        if (number < session.number) {
            return Errors.reply(225, "TransactionTooOld", "Cannot start transaction " + number + " after " + session.number);
        }
        boolean first = number > session.number;
        if (first) {
            end(session);
            session.number = number;
            session.transaction = null;
            session.reply = null;
        }
        if (Boolean.FALSE.equals(command.get("autocommit"))) return inTransaction(session, first, name, database, command, work);
        if (session.reply == null) {
            Document reply = outside(name, database, command, work);
            if (!Errors.isIn(reply)) session.reply = reply.cloneDeeply();
            return reply;
        }
        return session.reply;
    }

    private Document outside(String name, String database, Document command, Transactions.Work work) throws InterruptedException {
        if (name.equals("aggregate") && command.toString().contains("\"$changeStream\"")) {
            return Errors.reply(40573, "Location40573", "The $changeStream stage is only supported on replica sets");
        }
        if (command.get("readConcern") instanceof Document concern && "snapshot".equals(concern.get("level"))) {
            return Errors.reply(72, "InvalidOptions", "the test double has snapshot reads only in transactions");
        }
        if (name.toLowerCase(Locale.ROOT).startsWith("drop") || name.equals("renameCollection")) transactions.forget(database);
        return transactions.runOutside(work);
    }

    private Document inTransaction(Session session, boolean first, String name, String database, Document command,
                                   Transactions.Work work) {
        if (first && Boolean.TRUE.equals(command.get("startTransaction"))) {
            session.transaction = transactions.begin(database, session.number);
        } else if (Boolean.TRUE.equals(command.get("startTransaction"))) {
            return Errors.reply(117, "ConflictingOperationInProgress", "Transaction " + session.number + " already started");
        }
        Transactions.Transaction transaction = session.transaction;
        if (transaction == null || transaction.state == Transactions.State.ABORTED) return Errors.noSuchTransaction(session.number);
        if (name.equals("commitTransaction")) return transactions.commit(transaction);
        if (transaction.state == Transactions.State.COMMITTED) {
            return Errors.reply(256, "TransactionCommitted", "Transaction " + session.number + " has been committed");
        }
        if (name.equals("abortTransaction")) {
            transactions.abort(transaction);
            return new Document("ok", 1.0);
        }
        if (!IN_TRANSACTION.contains(name)) {
            transactions.abort(transaction);
            return Errors.reply(263, "OperationNotSupportedInTransaction", "Cannot run '" + name + "' in a multi-document transaction.");
        }
        Object collection = command.get(name);
        // An aggregation may look into other collections as well.
        return transactions.runInside(transaction,
            key -> name.equals("aggregate") || (key.collection().equals(collection) && key.database().equals(database)), work);
    }

    private void end(Session session) {
        if (session != null && session.transaction != null) transactions.abort(session.transaction);
    }

    private static Object sessionKey(Document command) {
        return command.get("lsid") instanceof Document lsid ? lsid.get("id") : "none";
    }
}

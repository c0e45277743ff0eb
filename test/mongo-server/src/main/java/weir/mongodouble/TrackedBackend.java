package weir.mongodouble;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.Cursor;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryCollection;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The memory backend, which also says what each command changed and can exchange documents for other states of them. */
final class TrackedBackend extends MemoryBackend {
    /** One document, whatever its state. */
    record Key(String database, String collection, KeyValue id) {}

    /** One entry of a unique index: what two writers may not both touch. `_id` is such an index too. */
    record Entry(String database, String collection, String index, KeyValue value) {}

    private boolean noting = true;
    private final Map<Key, Document> before = new LinkedHashMap<>();
    private final Set<Entry> entries = new HashSet<>();

    TrackedBackend() {
        version(new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return List.of(7, 0, 0, 0);
            }

            @Override
            public int getWireVersion() {
                return Wire.WIRE_VERSION;
            }
        });
    }

    /** What the commands since the last call wrote: each document's state before (null: none). */
    Map<Key, Document> takeChanges() {
        Map<Key, Document> taken = new LinkedHashMap<>(before);
        before.clear();
        return taken;
    }

    /** The unique index entries which the commands since the last call made, removed or kept in changed documents. */
    Set<Entry> takeEntries() {
        Set<Entry> taken = new HashSet<>(entries);
        entries.clear();
        return taken;
    }

    /** Puts each document into the wanted state (null: absent) and says the state it had. */
    Map<Key, Document> exchange(Map<Key, Document> wanted) {
        noting = false;
        try {
            Map<Key, Document> found = new LinkedHashMap<>();
            wanted.keySet().forEach(key -> found.put(key, collection(key).takeOut(key.id())));
            wanted.forEach((key, document) -> {
                if (document != null) collection(key).addDocument(document);
            });
            return found;
        } finally {
            noting = true;
        }
    }

    private Collection collection(Key key) {
        MongoDatabase database = resolveDatabase(key.database());
        return (Collection) database.resolveCollection(key.collection(), true);
    }

    @Override
    public MemoryDatabase openOrCreateDatabase(String name) {
        return new Database(name, getCursorRegistry());
    }

    private final class Database extends MemoryDatabase {
        Database(String name, CursorRegistry cursors) {
            super(name, cursors);
        }

        @Override
        protected MemoryCollection openOrCreateCollection(String name, CollectionOptions options) {
            if (name.startsWith("system.")) return super.openOrCreateCollection(name, options);
            return new Collection(this, name, options, cursorRegistry);
        }
    }

    private final class Collection extends MemoryCollection {
        private final Lookups lookups = new Lookups();

        Collection(MongoDatabase database, String name, CollectionOptions options, CursorRegistry cursors) {
            super(database, name, options, cursors);
        }

        Document takeOut(KeyValue id) {
            Document sought = new Document(getIdField(), id.get(0));
            Index<Integer> byId = getIndexes().stream().filter(index -> index.getName().equals("_id_")).findFirst().orElseThrow();
            Integer position = byId.getPosition(sought);
            if (position == null) return null;
            Document document = getDocument(position);
            removeDocument(document);
            return document;
        }

        @Override
        public void addIndex(Index<Integer> index) {
            super.addIndex(index);
            for (IndexKey key : index.getKeys()) {
                if (lookups.covers(key.getKey())) continue;
                lookups.cover(key.getKey());
                streamAllDocumentsWithPosition().forEach(each -> lookups.add(each.getDocument(), each.getPosition(), key.getKey()));
            }
        }

        @Override
        protected QueryResult queryDocuments(Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
            Set<Integer> candidates = lookups.candidates(query);
            if (candidates == null) return super.queryDocuments(query, orderBy, skip, limit, batchSize, fields);
            return matchDocuments(query, candidates, orderBy, skip, limit, batchSize, fields);
        }

        @Override
        protected Integer addDocumentInternal(Document document) {
            note(document, null, document);
            Integer position = super.addDocumentInternal(document);
            lookups.add(document, position);
            return position;
        }

        @Override
        protected void removeDocument(Integer position) {
            Document document = getDocument(position);
            note(document, document, null);
            lookups.remove(document, position);
            super.removeDocument(position);
        }

        @Override
        protected void handleUpdate(Integer position, Document old, Document changed) {
            note(changed, old, changed);
            lookups.remove(old, position);
            lookups.add(changed, position);
        }

        private void note(Document document, Document old, Document changed) {
            if (!noting) return;
            KeyValue id = new KeyValue(document.get(getIdField())).normalized();
            Key key = new Key(getDatabaseName(), getCollectionName(), id);
            if (!before.containsKey(key)) before.put(key, old);
            noteEntries(old);
            noteEntries(changed);
        }

        private void noteEntries(Document document) {
            if (document == null) return;
            for (Index<Integer> index : getIndexes()) {
                if (!index.isUnique()) continue;
                boolean sparse = index.toIndexDescription().containsKey("sparse");
                for (KeyValue value : index.getKeyValues(document)) {
                    if (sparse && value.stream().allMatch(part -> part == null)) continue;
                    entries.add(new Entry(getDatabaseName(), getCollectionName(), index.getName(), value));
                }
            }
        }

        /** A cursor goes on with the documents as they were when it was opened. */
        @Override
        protected Cursor createCursor(List<Document> remaining) {
            List<Document> copies = new ArrayList<>();
            remaining.forEach(document -> copies.add(document.cloneDeeply()));
            return super.createCursor(copies);
        }

        /** The size of each document is of no use here and dear to count. */
        @Override
        protected boolean tracksDataSize() {
            return false;
        }
    }
}

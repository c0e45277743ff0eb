package weir.mongodouble;

import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Where the documents stand that have a value in a field: what makes indexes faster than reading everything, which the backend does.
 * One for each field that is in any index of a collection. It narrows; whether a document matches is decided by the backend.
 */
final class Lookups {
    /** A range that finds more is no help. */
    private static final int RANGE_MAX = 2000;

    private final Map<String, NavigableMap<Object, Set<Integer>>> fields = new HashMap<>();

    boolean covers(String field) {
        return fields.containsKey(field);
    }

    void cover(String field) {
        fields.put(field, new TreeMap<>(Lookups::compare));
    }

    void add(Document document, Integer position) {
        fields.keySet().forEach(field -> add(document, position, field));
    }

    void add(Document document, Integer position, String field) {
        each(Utils.getSubdocumentValueCollectionAware(document, field),
            value -> fields.get(field).computeIfAbsent(value, none -> new TreeSet<>()).add(position));
    }

    void remove(Document document, Integer position) {
        fields.forEach((field, places) -> each(Utils.getSubdocumentValueCollectionAware(document, field), value -> {
            Set<Integer> found = places.get(value);
            if (found != null && found.remove(position) && found.isEmpty()) places.remove(value);
        }));
    }

    private static void each(Object value, Consumer<Object> then) {
        if (value instanceof Collection<?> values) values.forEach(one -> each(one, then));
        else if (isOrdinary(value)) then.accept(value);
    }

    private static boolean isOrdinary(Object value) {
        return value instanceof String || value instanceof Number || value instanceof Boolean || value instanceof Instant
            || value instanceof ObjectId;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static int compare(Object one, Object other) {
        if (one instanceof Number a && other instanceof Number b) return Double.compare(a.doubleValue() + 0.0, b.doubleValue() + 0.0);
        if (one.getClass() == other.getClass()) return ((Comparable) one).compareTo(other);
        return Integer.compare(rank(one), rank(other));
    }

    private static int rank(Object value) {
        if (value instanceof Number) return 0;
        if (value instanceof String) return 1;
        return value instanceof ObjectId ? 2 : value instanceof Boolean ? 3 : 4;
    }

    /** Positions that hold everything the query matches, the fewest that are known; null: it may be anywhere. */
    Set<Integer> candidates(Document query) {
        Set<Integer> best = null;
        for (Map.Entry<String, Object> each : query.entrySet()) {
            Set<Integer> found = null;
            if (each.getKey().equals("$and")) {
                for (Object part : (List<?>) each.getValue()) found = fewer(found, candidates((Document) part));
            } else if (!each.getKey().startsWith("$")) {
                found = at(each.getKey(), each.getValue());
            }
            best = fewer(best, found);
        }
        return best;
    }

    private static Set<Integer> fewer(Set<Integer> one, Set<Integer> other) {
        if (one == null || other == null) return one == null ? other : one;
        return one.size() <= other.size() ? one : other;
    }

    private Set<Integer> at(String field, Object condition) {
        NavigableMap<Object, Set<Integer>> places = fields.get(field);
        if (places != null && isOrdinary(condition)) return places.getOrDefault(condition, Set.of());
        if (!(condition instanceof Document operators)) return null;
        Set<Integer> best = null;
        for (Map.Entry<String, Object> each : operators.entrySet()) best = fewer(best, by(field, places, each.getKey(), each.getValue()));
        return best;
    }

    private Set<Integer> by(String field, NavigableMap<Object, Set<Integer>> places, String operator, Object value) {
        if (operator.equals("$elemMatch") && value instanceof Document inner) {
            Document whole = new Document();
            inner.forEach((key, condition) -> whole.put(key.startsWith("$") ? key : field + "." + key, condition));
            return inner.keySet().stream().anyMatch(key -> key.startsWith("$")) ? at(field, inner) : candidates(whole);
        }
        if (places == null) return null;
        if (operator.equals("$in") && value instanceof Collection<?> values && values.stream().allMatch(Lookups::isOrdinary)) {
            Set<Integer> found = new TreeSet<>();
            values.forEach(one -> found.addAll(places.getOrDefault(one, Set.of())));
            return found;
        }
        if (!isOrdinary(value)) return null;
        return switch (operator) {
            case "$eq" -> places.getOrDefault(value, Set.of());
            case "$gt", "$gte" -> range(places.tailMap(value, true));
            case "$lt", "$lte" -> range(places.headMap(value, true));
            default -> null;
        };
    }

    private static Set<Integer> range(NavigableMap<Object, Set<Integer>> places) {
        Set<Integer> found = new TreeSet<>();
        for (Set<Integer> each : places.values()) {
            found.addAll(each);
            if (found.size() > RANGE_MAX) return null;
        }
        return found;
    }
}

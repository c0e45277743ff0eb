package weir.clients;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.hl7.fhir.instance.model.api.IBaseBundle;
import org.hl7.fhir.r4.model.BooleanType;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.CodeType;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;

/** Walks through a FHIR server as an app would: {@code HapiTour BASE TOKEN}. One line a step; the exit code is the number of steps that failed. */
public final class HapiTour {
  private static final String SYSTEM = "urn:tour:mrn";
  private final IGenericClient client;
  private final String run = UUID.randomUUID().toString();
  private int failed;

  private HapiTour(String base, String token) {
    FhirContext context = FhirContext.forR4();
    context.getRestfulClientFactory().setSocketTimeout(30_000);
    client = context.newRestfulGenericClient(base);
    client.registerInterceptor(new BearerTokenAuthInterceptor(token));
  }

  public static void main(String[] args) {
    HapiTour tour = new HapiTour(args[0], args[1]);
    tour.walk();
    System.exit(tour.failed);
  }

  private interface Step {
    void take() throws Exception;
  }

  private void step(String name, Step step) {
    try {
      step.take();
      System.out.println("ok " + name);
    } catch (Throwable fault) {
      failed += 1;
      System.out.println("failed " + name + ": " + fault);
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  private void walk() {
    step("capabilities", () -> {
      CapabilityStatement found = client.capabilities().ofType(CapabilityStatement.class).execute();
      check("4.0.1".equals(found.getFhirVersion().toCode()), "version");
      check(found.getRestFirstRep().getResource().size() > 100, "types");
    });
    step("create, read, vread", this::createAndRead);
    step("update, If-Match", this::updateWithVersion);
    step("conditional create and update", this::conditional);
    step("JSON and FHIRPath patch", this::patch);
    step("history", this::history);
    step("search, include, paging", this::search);
    step("transaction", this::transaction);
    step("validate", this::validate);
    step("everything", this::everything);
    step("delete", this::delete);
  }

  private Patient patient(String value) {
    Patient patient = new Patient();
    patient.addIdentifier().setSystem(SYSTEM).setValue(run + value);
    patient.addName().setFamily("Tour" + run).addGiven("Ada");
    return patient;
  }

  private IdType make(String value) {
    return (IdType) client.create().resource(patient(value)).execute().getId();
  }

  private void createAndRead() {
    MethodOutcome made = client.create().resource(patient("a")).prefer(PreferReturnEnum.REPRESENTATION).execute();
    check(made.getCreated(), "created");
    check("1".equals(made.getId().getVersionIdPart()), "version of the Location");
    Patient read = client.read().resource(Patient.class).withId(made.getId().toUnqualifiedVersionless()).execute();
    check(read.getNameFirstRep().getFamily().equals("Tour" + run), "name");
    Patient first = client.read().resource(Patient.class).withId(made.getId().toUnqualified()).execute();
    check("1".equals(first.getMeta().getVersionId()), "vread");
    Patient unless = client.read().resource(Patient.class).withId(read.getIdElement().toUnqualifiedVersionless())
        .ifVersionMatches("1").returnNull().execute();
    check(unless == null, "304");
    try {
      client.read().resource(Patient.class).withId("never-" + run).execute();
      check(false, "404");
    } catch (ResourceNotFoundException expected) {
      check(expected.getOperationOutcome() instanceof OperationOutcome, "outcome");
    }
  }

  private void updateWithVersion() {
    IdType id = make("b");
    Patient read = client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute();
    read.setActive(true);
    MethodOutcome done = client.update().resource(read).withAdditionalHeader("If-Match", "W/\"1\"").execute();
    check("2".equals(done.getId().getVersionIdPart()), "version");
    read.setActive(false);
    try {
      client.update().resource(read).withAdditionalHeader("If-Match", "W/\"1\"").execute();
      check(false, "412");
    } catch (PreconditionFailedException expected) {
      check(expected.getStatusCode() == 412, "status");
    }
    Patient asCreate = patient("own");
    asCreate.setId("own-" + run);
    check(client.update().resource(asCreate).execute().getCreated(), "update as create");
  }

  private void conditional() {
    String criteria = "Patient?identifier=" + SYSTEM + "|" + run + "c";
    MethodOutcome first = client.create().resource(patient("c")).conditionalByUrl(criteria).execute();
    MethodOutcome second = client.create().resource(patient("c")).conditionalByUrl(criteria).execute();
    check(first.getId().getIdPart().equals(second.getId().getIdPart()), "one resource");
    check(!Boolean.TRUE.equals(second.getCreated()), "not created");
    Patient changed = patient("c");
    changed.setActive(true);
    MethodOutcome updated = client.update().resource(changed).conditionalByUrl(criteria).execute();
    check(updated.getId().getIdPart().equals(first.getId().getIdPart()), "updated that one");
  }

  private void patch() {
    IdType id = make("d");
    client.patch().withBody("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]")
        .withId(id.toUnqualifiedVersionless()).execute();
    Parameters patch = new Parameters();
    Parameters.ParametersParameterComponent operation = patch.addParameter().setName("operation");
    operation.addPart().setName("type").setValue(new CodeType("replace"));
    operation.addPart().setName("path").setValue(new StringType("Patient.active"));
    operation.addPart().setName("value").setValue(new BooleanType(false));
    client.patch().withFhirPatch(patch).withId(id.toUnqualifiedVersionless()).execute();
    Patient read = client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute();
    check(read.hasActive() && !read.getActive(), "both applied");
    check("3".equals(read.getMeta().getVersionId()), "version");
  }

  private void history() {
    IdType id = make("e");
    Patient read = client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute();
    client.update().resource(read.setActive(true)).execute();
    Bundle instance = client.history().onInstance(id.toUnqualifiedVersionless()).returnBundle(Bundle.class).execute();
    check(instance.getEntry().size() == 2, "two versions");
    check("2".equals(instance.getEntryFirstRep().getResource().getMeta().getVersionId()), "newest first");
    Bundle type = client.history().onType(Patient.class).returnBundle(Bundle.class).count(3).execute();
    check(type.getEntry().size() == 3, "count");
  }

  private void search() {
    IdType id = make("f");
    for (int i = 0; i < 5; i++) {
      Observation observation = new Observation();
      observation.setStatus(Observation.ObservationStatus.FINAL);
      observation.getCode().addCoding().setSystem("http://loinc.org").setCode("718-7");
      observation.setSubject(new Reference(id.toUnqualifiedVersionless()));
      observation.setValue(new Quantity().setValue(new BigDecimal("1.00")).setUnit("g/dL"));
      client.create().resource(observation).execute();
    }
    Bundle page = client.search().forResource(Observation.class)
        .where(Observation.SUBJECT.hasId(id.getIdPart()))
        .include(Observation.INCLUDE_SUBJECT).count(2).returnBundle(Bundle.class).execute();
    check(page.getTotal() == 5, "total");
    Set<String> seen = new HashSet<>();
    boolean included = false;
    while (true) {
      for (Bundle.BundleEntryComponent entry : page.getEntry()) {
        if (entry.getResource() instanceof Observation found) {
          seen.add(found.getIdElement().getIdPart());
          check("1.00".equals(found.getValueQuantity().getValue().toPlainString()), "decimal");
        } else {
          included = entry.getResource() instanceof Patient || included;
        }
      }
      if (page.getLink(IBaseBundle.LINK_NEXT) == null) break;
      page = client.loadPage().next(page).execute();
    }
    check(seen.size() == 5, "all pages");
    check(included, "include");
    Bundle posted = client.search().forResource(Patient.class)
        .where(Patient.IDENTIFIER.exactly().systemAndIdentifier(SYSTEM, run + "f"))
        .usingStyle(ca.uhn.fhir.rest.api.SearchStyleEnum.POST).returnBundle(Bundle.class).execute();
    check(posted.getEntry().size() == 1, "POST _search");
    Bundle chained = client.search().byUrl("Observation?subject:Patient.identifier=" + SYSTEM + "|" + run + "f")
        .returnBundle(Bundle.class).execute();
    check(chained.getEntry().size() == 5, "chain");
  }

  private void transaction() {
    Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
    String urn = "urn:uuid:" + UUID.randomUUID();
    bundle.addEntry().setFullUrl(urn).setResource(patient("g")).getRequest()
        .setMethod(Bundle.HTTPVerb.POST).setUrl("Patient").setIfNoneExist("identifier=" + SYSTEM + "|" + run + "g");
    Observation observation = new Observation();
    observation.setStatus(Observation.ObservationStatus.FINAL);
    observation.getCode().setText("x");
    observation.setSubject(new Reference(urn));
    bundle.addEntry().setResource(observation).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Observation");
    Bundle answer = client.transaction().withBundle(bundle).execute();
    check(answer.getType() == Bundle.BundleType.TRANSACTIONRESPONSE, "type");
    List<Bundle.BundleEntryComponent> entries = answer.getEntry();
    check(entries.size() == 2 && entries.stream().allMatch(e -> e.getResponse().getStatus().startsWith("201")), "201s");
    IdType made = new IdType(entries.get(1).getResponse().getLocation());
    Observation read = client.read().resource(Observation.class).withId(made.getIdPart()).execute();
    String patient = new IdType(entries.get(0).getResponse().getLocation()).getIdPart();
    check(read.getSubject().getReferenceElement().getIdPart().equals(patient), "reference resolved");
  }

  private void validate() {
    MethodOutcome good = client.validate().resource(patient("h")).execute();
    OperationOutcome outcome = (OperationOutcome) good.getOperationOutcome();
    check(outcome.getIssue().stream().noneMatch(i -> i.getSeverity().toCode().matches("error|fatal")), "good");
    try {
      client.create().resource(new Observation().setValue(new StringType("no status, no code"))).execute();
      check(false, "422");
    } catch (UnprocessableEntityException expected) {
      check(expected.getOperationOutcome() != null, "outcome");
    }
  }

  private void everything() {
    IdType id = make("i");
    Parameters answer = client.operation().onInstance(id.toUnqualifiedVersionless()).named("$everything")
        .withNoParameters(Parameters.class).useHttpGet().execute();
    Bundle bundle = (Bundle) answer.getParameterFirstRep().getResource();
    check(bundle.getEntryFirstRep().getResource() instanceof Patient, "patient first");
  }

  private void delete() {
    IdType id = make("j");
    client.delete().resourceById(id.toUnqualifiedVersionless()).execute();
    try {
      client.read().resource(Patient.class).withId(id.toUnqualifiedVersionless()).execute();
      check(false, "410");
    } catch (ResourceGoneException expected) {
      check(expected.getStatusCode() == 410, "status");
    }
  }
}

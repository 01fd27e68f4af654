package org.caseline.backend;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Validates FHIR R4 resources without a network.
 *
 * <p>Reads names of files from standard input, one in a line, and answers each with one line of JSON:
 * {@code {"file":…,"issues":[{"severity":…,"message":…,"location":…}]}}. The first answer takes some ten seconds,
 * the others a tenth of one: give it all files at once.
 */
public final class FhirValidation {
  private FhirValidation() {}

  public static void main(String[] none) throws IOException {
    // HAPI's modules print as they please: the answers alone go to the real standard output.
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);

    FhirValidator validator = validator();
    ObjectMapper json = new ObjectMapper();
    BufferedReader names = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String name = names.readLine(); name != null; name = names.readLine()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("file", name);
      answer.put("issues", issues(validator, Path.of(name)));
      answers.println(json.writeValueAsString(answer));
    }
  }

  private static FhirValidator validator() {
    FhirContext fhir = FhirContext.forR4();
    FhirInstanceValidator module =
        new FhirInstanceValidator(
            new ValidationSupportChain(
                new DefaultProfileValidationSupport(fhir),
                new CommonCodeSystemsTerminologyService(fhir),
                new InMemoryTerminologyServerValidationSupport(fhir),
                new SnapshotGeneratingValidationSupport(fhir)));
    module.setAnyExtensionsAllowed(true);
    // US Core's profiles cannot be had from a package registry: to claim one is worth a warning.
    module.setErrorForUnknownProfiles(false);
    return fhir.newValidator().registerValidatorModule(module);
  }

  private static List<Map<String, String>> issues(FhirValidator validator, Path file) {
    List<Map<String, String>> issues = new ArrayList<>();
    try {
      String text = Files.readString(file);
      for (SingleValidationMessage message : validator.validateWithResult(text).getMessages()) {
        issues.add(issue(message.getSeverity().getCode(), message.getMessage(), message.getLocationString()));
      }
    } catch (IOException problem) {
      issues.add(issue("fatal", "the file cannot be read: " + problem.getClass().getSimpleName(), ""));
    } catch (RuntimeException problem) {
      // A text that is no FHIR resource at all.
      issues.add(issue("fatal", String.valueOf(problem.getMessage()), ""));
    }
    return issues;
  }

  private static Map<String, String> issue(String severity, String message, String location) {
    Map<String, String> issue = new LinkedHashMap<>();
    issue.put("severity", severity);
    issue.put("message", message == null ? "" : message);
    issue.put("location", location == null ? "" : location);
    return issue;
  }
}

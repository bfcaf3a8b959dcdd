package dev.ringtap;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The direction of imports: socket, ring, block, frame, flow, record. */
@AnalyzeClasses(packages = "dev.ringtap", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
  @ArchTest
  static final ArchRule PACKAGES_IMPORT_FROM_THEIR_LEFT =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("linux")
          .definedBy("dev.ringtap.linux")
          .layer("filter")
          .definedBy("dev.ringtap.filter")
          .layer("capture")
          .definedBy("dev.ringtap.capture")
          .layer("file")
          .definedBy("dev.ringtap.file")
          .layer("packet")
          .definedBy("dev.ringtap.packet")
          .layer("flow")
          .definedBy("dev.ringtap.flow")
          .layer("record")
          .definedBy("dev.ringtap.record")
          .layer("registry")
          .definedBy("dev.ringtap.registry")
          .layer("service")
          .definedBy("dev.ringtap.service")
          .layer("lab")
          .definedBy("dev.ringtap.lab")
          .whereLayer("linux")
          .mayOnlyBeAccessedByLayers("filter", "capture", "service", "lab")
          .whereLayer("filter")
          .mayOnlyBeAccessedByLayers("capture", "file")
          .whereLayer("capture")
          .mayOnlyBeAccessedByLayers("file", "packet", "flow", "record", "lab")
          .whereLayer("file")
          .mayOnlyBeAccessedByLayers("record")
          .whereLayer("packet")
          .mayOnlyBeAccessedByLayers("flow", "record")
          .whereLayer("flow")
          .mayOnlyBeAccessedByLayers("record")
          .whereLayer("record")
          .mayOnlyBeAccessedByLayers("registry")
          .whereLayer("registry")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("service")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("lab")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule NATIVE_CALLS_LIVE_IN_ONE_PACKAGE =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.ringtap.linux")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(MethodHandle.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Linker.class);
}

package io.uk4j.maven.image;

import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.cyclonedx.Version;
import org.cyclonedx.exception.GeneratorException;
import org.cyclonedx.generators.BomGeneratorFactory;
import org.cyclonedx.model.Bom;
import org.cyclonedx.model.Component;
import org.cyclonedx.model.Hash;
import org.cyclonedx.model.License;
import org.cyclonedx.model.LicenseChoice;
import org.cyclonedx.model.Metadata;

/** The bill of materials of an image, as CycloneDX. The same manifest gives the same text. */
public final class BillOfMaterials {
    private static final List<String> LISTED = List.of("library", "java", "c-library", "boot");

    private BillOfMaterials() {}

    /**
     * Makes it.
     *
     * @param manifest of the image
     * @return JSON, with a line end
     */
    public static String of(Manifest manifest) {
        Bom bom = new Bom();
        Metadata metadata = new Metadata();
        metadata.setTimestamp(Date.from(Instant.parse(manifest.created())));
        for (Manifest.Part part : manifest.parts()) {
            if (part.kind().equals("application")) {
                metadata.setComponent(component(part, manifest));
            } else if (LISTED.contains(part.kind())) {
                bom.addComponent(component(part, manifest));
            }
        }
        bom.setMetadata(metadata);
        try {
            return BomGeneratorFactory.createJson(Version.VERSION_15, bom).toJsonString() + '\n';
        } catch (GeneratorException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Component component(Manifest.Part part, Manifest manifest) {
        Component component = new Component();
        String[] coordinates = part.name().split(":", 3);
        boolean jar = coordinates.length == 3;
        component.setType(
                switch (part.kind()) {
                    case "application" -> Component.Type.APPLICATION;
                    case "java" -> Component.Type.PLATFORM;
                    case "boot" -> Component.Type.FIRMWARE;
                    default -> Component.Type.LIBRARY;
                });
        component.setName(jar ? coordinates[1] : part.name());
        component.setVersion(part.version() == null ? "" : part.version());
        if (jar) {
            component.setGroup(coordinates[0]);
            String purl = "pkg:maven/" + coordinates[0] + '/' + coordinates[1] + '@' + coordinates[2] + "?type=jar";
            component.setPurl(purl);
            component.setBomRef(purl);
        } else {
            component.setBomRef(part.name());
            component.setPublisher(part.kind().equals("java") ? manifest.java().implementor() : null);
        }
        if (part.files().size() == 1) {
            component.addHash(
                    new Hash(Hash.Algorithm.SHA_256, part.files().get(0).sha256()));
        }
        if (!part.licences().isEmpty()) {
            LicenseChoice choice = new LicenseChoice();
            for (String name : part.licences()) {
                License license = new License();
                license.setName(name);
                choice.addLicense(license);
            }
            component.setLicenses(choice);
        }
        return component;
    }
}

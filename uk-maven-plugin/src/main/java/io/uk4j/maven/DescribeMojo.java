package io.uk4j.maven;

import io.uk4j.maven.describe.Facts;
import io.uk4j.maven.describe.HtmlReport;
import io.uk4j.maven.describe.TextReport;
import io.uk4j.maven.image.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugins.annotations.Execute;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;

/**
 * Says what an image is made of: parts and their sizes, modules of the JDK, memory, command, configuration, licences, and how much there is below the
 * application, against a Linux guest. On the terminal, and as a page with a picture of the sizes. Checks each file of the image by SHA-256 on the way,
 * and makes the image first unless it is current.
 */
@Mojo(name = "describe", requiresDependencyResolution = ResolutionScope.RUNTIME, threadSafe = true)
@Execute(phase = LifecyclePhase.PACKAGE)
public final class DescribeMojo extends AbstractImageMojo {
    /** Skips this goal. */
    @Parameter(property = "uk.describe.skip", defaultValue = "false")
    private boolean skip;

    /** For Maven. */
    public DescribeMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        image();
        Outputs outputs = outputs();
        Verification.Checked checked = Verification.check(outputs);
        Manifest manifest = checked.manifest();
        long bytes = Files.size(outputs.image()) + (Files.exists(outputs.tree()) ? Files.size(outputs.tree()) : 0);
        Facts facts = new Facts(manifest, bytes, checked.seal());
        Path page = outputs.work().resolve(outputs.name() + ".html");
        Files.writeString(page, HtmlReport.of(facts));
        TextReport.of(facts).lines().forEach(getLog()::info);
        getLog().info("");
        getLog().info("All files are as the manifest says. The same with a picture: " + page);
    }
}

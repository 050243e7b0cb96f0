package io.uk4j.maven;

import io.uk4j.maven.image.Sizes;
import java.io.IOException;
import java.nio.file.Files;
import javax.inject.Inject;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.apache.maven.project.MavenProjectHelper;

/**
 * Makes a sealed image of the application: a file that boots on KVM and QEMU with no operating system in it. It has the modules of the JDK that
 * are used, the jars, the platform, a manifest, and the boot layer. The jar stays as it is.
 */
@Mojo(
        name = "image",
        defaultPhase = LifecyclePhase.PACKAGE,
        requiresDependencyResolution = ResolutionScope.RUNTIME,
        threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
public final class ImageMojo extends AbstractImageMojo {
    @Inject
    private MavenProjectHelper helper;

    /** Skips this goal. */
    @Parameter(property = "uk.image.skip", defaultValue = "false")
    private boolean skip;

    /** For Maven. */
    public ImageMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        image();
        Outputs outputs = outputs();
        if (attach) {
            helper.attachArtifact(project, "img", classifier, outputs.image().toFile());
        }
        getLog().info("Image: " + outputs.image() + ", " + Sizes.text(Files.size(outputs.image())));
        Files.readAllLines(outputs.digests()).forEach(line -> getLog().info("sha256  " + line));
        getLog().info("Run it: " + command("run"));
    }
}

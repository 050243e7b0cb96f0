package io.uk4j.system;

/** The files of a project whose appliance runs beside its integration tests, for {@link PluginIT}. */
final class BesideTests {
    /** What a user adds to have the appliance run beside integration tests, with sealed keys, and a second image that describes itself. */
    static final String POM = """
              <build>
                <plugins>
                  <plugin>
                    <groupId>io.uk4j</groupId>
                    <artifactId>uk-maven-plugin</artifactId>
                    <version>0.1.0-SNAPSHOT</version>
                    <configuration>
                      <configuration>
                        <uk.kvm.devices>net</uk.kvm.devices>
                        <uk.net.device>virtio:0</uk.net.device>
                        <uk.net.ipv4>10.0.2.15/24</uk.net.ipv4>
                        <uk.net.gateway>10.0.2.2</uk.net.gateway>
                      </configuration>
                    </configuration>
                    <executions>
                      <execution>
                        <goals>
                          <goal>start</goal>
                          <goal>stop</goal>
                        </goals>
                      </execution>
                      <execution>
                        <id>described</id>
                        <goals>
                          <goal>image</goal>
                        </goals>
                        <configuration>
                          <classifier>described</classifier>
                          <mainClass>Hello</mainClass>
                          <arguments>
                            <argument>--describe</argument>
                          </arguments>
                        </configuration>
                      </execution>
                    </executions>
                  </plugin>
                  <plugin>
                    <artifactId>maven-surefire-plugin</artifactId>
                    <version>3.6.1</version>
                  </plugin>
                  <plugin>
                    <artifactId>maven-failsafe-plugin</artifactId>
                    <version>3.6.1</version>
                    <executions>
                      <execution>
                        <goals>
                          <goal>integration-test</goal>
                          <goal>verify</goal>
                        </goals>
                      </execution>
                    </executions>
                  </plugin>
                </plugins>
              </build>
            """;

    /** An integration test of the page. */
    static final String PAGE_TEST = """
            import static org.junit.jupiter.api.Assertions.assertEquals;

            import java.net.URI;
            import org.junit.jupiter.api.Test;

            class PageIT {
                @Test
                void servesItsPage() throws Exception {
                    String page = "http://127.0.0.1:" + System.getProperty("page.port") + "/";
                    assertEquals("Hello from uk4j", new String(URI.create(page).toURL().openStream().readAllBytes()).strip());
                }
            }
            """;

    /** An appliance that asks to be started again. */
    static final String RESTARTING = """
            import io.uk4j.core.Appliance;

            public final class Again {
                public static void main(String[] args) {
                    Appliance.main(args, appliance -> {
                        appliance.platform().console().write("This life begins\\n");
                        Thread.sleep(3000);
                        appliance.restart();
                    });
                }
            }
            """;

    private BesideTests() {}
}

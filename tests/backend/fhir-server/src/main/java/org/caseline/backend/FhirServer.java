package org.caseline.backend;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.jpa.api.IDaoRegistry;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HibernatePropertiesProvider;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.config.util.ResourceCountCacheUtil;
import ca.uhn.fhir.jpa.dao.FulltextSearchSvcImpl;
import ca.uhn.fhir.jpa.dao.IFulltextSearchSvc;
import ca.uhn.fhir.jpa.dao.search.HSearchSortHelperImpl;
import ca.uhn.fhir.jpa.dao.search.IHSearchSortHelper;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.DaoRegistryResourceSupportedSvc;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.search.IStaleSearchDeletingSvc;
import ca.uhn.fhir.jpa.search.StaleSearchDeletingSvcImpl;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.util.ResourceCountCache;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.IResourceSupportedSvc;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.exceptions.ForbiddenOperationException;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.hibernate.dialect.Dialect;
import org.hl7.fhir.instance.model.api.IBaseConformance;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.CapabilityStatement.CapabilityStatementRestComponent;
import org.hl7.fhir.r4.model.CapabilityStatement.CapabilityStatementRestResourceComponent;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

/**
 * A FHIR R4 server on loopback that keeps its data in one folder.
 *
 * <p>{@code java -jar fhir-server.jar FOLDER PORT [strict] [dangling] [read-only=TYPE,…]}, port 0 for any free one. When it is ready,
 * the file {@code port} in the folder holds the port. {@code strict} refuses unknown elements, which HAPI drops
 * otherwise; {@code dangling} accepts references to what is not there; resources of the types that are
 * {@code read-only} are neither created nor changed. If {@code CASELINE_FHIR_TOKEN} is set,
 * requests need it as their bearer token.
 *
 * <p>Standard input is the leash: at its end the server stops. A parent that said "stop" before keeps the folder;
 * one that died without a word does not, and the folder is removed.
 */
public final class FhirServer {
  private static final long PATIENCE_MILLIS = 8_000;
  private static final String READ_ONLY = "read-only=";

  private final Path folder;
  private Server http;
  private AnnotationConfigApplicationContext beans;
  private boolean stopped;

  private FhirServer(Path folder) {
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    List<String> options = List.of(arguments).subList(2, arguments.length);

    FhirServer server = new FhirServer(folder);
    Thread leash = new Thread(server::watchLeash, "leash");
    leash.setDaemon(true);
    leash.start();
    try {
      server.start(port, options);
    } catch (Exception problem) {
      problem.printStackTrace();
      Throwable cause = problem;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      System.out.println(cause);
      System.exit(1);
    }
  }

  private void start(int port, List<String> options) throws Exception {
    boolean references = !options.contains("dangling");
    AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    context.registerBean("database", DataSource.class, () -> database(folder));
    context.registerBean(JpaStorageSettings.class, () -> storage(references));
    context.register(Storage.class);
    context.refresh();

    Server jetty = new Server();
    ServerConnector loopback = new ServerConnector(jetty);
    loopback.setHost("127.0.0.1");
    loopback.setPort(port);
    jetty.addConnector(loopback);
    ServletContextHandler servlets = new ServletContextHandler("/");
    servlets.addServlet(new ServletHolder(restful(context, options)), "/fhir/*");
    jetty.setHandler(new GracefulHandler(servlets));
    jetty.setStopTimeout(3_000);

    synchronized (this) {
      if (stopped) {
        context.close();
        return;
      }
      beans = context;
      http = jetty;
      jetty.start();
    }
    Path ready = folder.resolve("port.new");
    Files.writeString(ready, Integer.toString(loopback.getLocalPort()));
    Files.move(ready, folder.resolve("port"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static RestfulServer restful(AnnotationConfigApplicationContext context, List<String> options) {
    IFhirSystemDao<?, ?> system = context.getBean(IFhirSystemDao.class);
    FhirContext fhir = system.getContext();
    if (options.contains("strict")) {
      fhir.setParserErrorHandler(new StrictErrorHandler());
    }
    RestfulServer server = new RestfulServer(fhir);
    String token = System.getenv("CASELINE_FHIR_TOKEN");
    if (token != null && !token.isEmpty()) {
      server.registerInterceptor(new BearerToken(token));
    }
    for (String option : options) {
      if (option.startsWith(READ_ONLY)) {
        server.registerInterceptor(new ReadOnly(Set.of(option.substring(READ_ONLY.length()).split(","))));
      }
    }
    server.registerProviders(
        context.getBean("myResourceProvidersR4", ResourceProviderFactory.class).createProviders());
    server.registerProvider(context.getBean(IJpaSystemProvider.class));
    server.registerProvider(context.getBean(ValueSetOperationProvider.class));
    server.setPagingProvider(context.getBean(DatabaseBackedPagingProvider.class));
    server.setDefaultResponseEncoding(EncodingEnum.JSON);
    JpaCapabilityStatementProvider capabilities =
        new JpaCapabilityStatementProvider(
            server,
            system,
            context.getBean(JpaStorageSettings.class),
            context.getBean(ISearchParamRegistry.class),
            context.getBean(IValidationSupport.class));
    capabilities.setImplementationDescription("A FHIR server for Caseline's tests");
    server.setServerConformanceProvider(capabilities);
    return server;
  }

  /** Without a delay, a commit that was answered is on the disk: it survives kill -9. */
  private static DataSource database(Path folder) {
    BasicDataSource pool = new BasicDataSource();
    pool.setUrl(
        "jdbc:h2:file:" + folder.resolve("record").toAbsolutePath()
            + ";WRITE_DELAY=0;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0");
    pool.setUsername("sa");
    pool.setPassword("");
    pool.setMaxTotal(16);
    return pool;
  }

  private static JpaStorageSettings storage(boolean references) {
    JpaStorageSettings settings = new JpaStorageSettings();
    settings.setEnforceReferentialIntegrityOnWrite(references);
    settings.setEnforceReferentialIntegrityOnDelete(references);
    settings.setAllowMultipleDelete(true);
    // A test that searches right after a write must see it.
    settings.setReuseCachedSearchResultsForMillis(null);
    return settings;
  }

  private void watchLeash() {
    String lastWords = "";
    try {
      lastWords = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException gone) {
      // As good as its end.
    }
    Thread deadline = new Thread(() -> {
      try {
        Thread.sleep(PATIENCE_MILLIS);
      } catch (InterruptedException early) {
        Thread.currentThread().interrupt();
      }
      Runtime.getRuntime().halt(1);
    });
    deadline.setDaemon(true);
    deadline.start();
    boolean keep = lastWords.equals("stop");
    if (keep) {
      stop();
    } else {
      remove(folder);
    }
    Runtime.getRuntime().halt(0);
  }

  private synchronized void stop() {
    stopped = true;
    try {
      if (http != null) {
        http.stop();
      }
    } catch (Exception problem) {
      System.out.println("stopping: " + problem.getClass().getName());
    }
    if (beans != null) {
      beans.close();
    }
  }

  private static void remove(Path folder) {
    try (var paths = Files.walk(folder)) {
      paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException | RuntimeException problem) {
      System.out.println("removing the folder: " + problem.getClass().getName());
    }
  }

  /** Lets nobody in without the token, except to read what the server can do. */
  @Interceptor
  public static final class BearerToken {
    private final String expected;

    BearerToken(String token) {
      expected = "Bearer " + token;
    }

    /** Called by HAPI for every request, once it knows what is asked. */
    @Hook(Pointcut.SERVER_INCOMING_REQUEST_PRE_HANDLED)
    public void check(RequestDetails request) {
      boolean capabilities = "metadata".equals(request.getRequestPath());
      if (!capabilities && !expected.equals(request.getHeader("Authorization"))) {
        throw new AuthenticationException("a valid bearer token is required");
      }
    }
  }

  /** Refuses to write resources of some types, also in a transaction, and does not offer it. */
  @Interceptor
  public static final class ReadOnly {
    private static final Set<String> WRITES = Set.of("create", "update", "patch", "delete");

    private final Set<String> types;

    ReadOnly(Set<String> types) {
      this.types = types;
    }

    /** Called by HAPI before a resource is stored for the first time. */
    @Hook(Pointcut.STORAGE_PRESTORAGE_RESOURCE_CREATED)
    public void create(IBaseResource resource) {
      refuse(resource);
    }

    /** Called by HAPI before a resource is stored anew. */
    @Hook(Pointcut.STORAGE_PRESTORAGE_RESOURCE_UPDATED)
    public void update(IBaseResource before, IBaseResource after) {
      refuse(after);
    }

    /** Called by HAPI before a resource is deleted. */
    @Hook(Pointcut.STORAGE_PRESTORAGE_RESOURCE_DELETED)
    public void delete(IBaseResource resource) {
      refuse(resource);
    }

    private void refuse(IBaseResource resource) {
      if (types.contains(resource.fhirType())) {
        throw new ForbiddenOperationException("resources of this type are read-only here");
      }
    }

    /** Called by HAPI when it has written down what it offers. */
    @Hook(Pointcut.SERVER_CAPABILITY_STATEMENT_GENERATED)
    public void describe(IBaseConformance conformance) {
      for (CapabilityStatementRestComponent rest : ((CapabilityStatement) conformance).getRest()) {
        for (CapabilityStatementRestResourceComponent resource : rest.getResource()) {
          if (types.contains(resource.getType())) {
            resource.getInteraction().removeIf(one -> WRITES.contains(one.getCode().toCode()));
            resource.setConditionalCreate(false);
            resource.setConditionalUpdate(false);
          }
        }
      }
    }
  }

  /** HAPI's storage, with the parts that it leaves to the application. */
  @Configuration
  @EnableTransactionManagement
  @Import({
    JpaR4Config.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    SubscriptionChannelConfig.class,
    ThreadPoolFactoryConfig.class
  })
  static class Storage {
    @Bean
    PartitionSettings partitions() {
      return new PartitionSettings();
    }

    @Bean
    SubscriptionSettings subscriptions() {
      return new SubscriptionSettings();
    }

    @Bean
    DatabaseBackedPagingProvider paging() {
      return new DatabaseBackedPagingProvider();
    }

    @Bean
    DatabaseBinaryContentStorageSvcImpl binaries() {
      return new DatabaseBinaryContentStorageSvcImpl();
    }

    @Bean
    IFulltextSearchSvc fullText() {
      return new FulltextSearchSvcImpl();
    }

    @Bean
    IHSearchSortHelper sorting(ISearchParamRegistry parameters) {
      return new HSearchSortHelperImpl(parameters);
    }

    @Bean
    IStaleSearchDeletingSvc staleSearches() {
      return new StaleSearchDeletingSvcImpl();
    }

    @Bean
    IResourceSupportedSvc supportedTypes(IDaoRegistry registry) {
      return new DaoRegistryResourceSupportedSvc(registry);
    }

    @Bean("myResourceCountsCache")
    ResourceCountCache counts(IFhirSystemDao<?, ?> system) {
      return ResourceCountCacheUtil.newResourceCountCache(system);
    }

    @Bean
    @Primary
    HibernatePropertiesProvider dialect() {
      return new HibernatePropertiesProvider() {
        @Override
        public Dialect getDialect() {
          return new HapiFhirH2Dialect();
        }
      };
    }

    @Bean
    LocalContainerEntityManagerFactoryBean entityManagerFactory(
        ConfigurableListableBeanFactory beans, DataSource database, FhirContext fhir, JpaStorageSettings settings) {
      Properties hibernate = new Properties();
      hibernate.setProperty("hibernate.dialect", HapiFhirH2Dialect.class.getName());
      hibernate.setProperty("hibernate.hbm2ddl.auto", "update");
      hibernate.setProperty("hibernate.jdbc.batch_size", "20");
      hibernate.setProperty("hibernate.cache.use_second_level_cache", "false");
      hibernate.setProperty("hibernate.cache.use_query_cache", "false");
      hibernate.setProperty("hibernate.search.enabled", "false");
      LocalContainerEntityManagerFactoryBean factory =
          HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
      factory.setPersistenceUnitName("record");
      factory.setDataSource(database);
      factory.setJpaProperties(hibernate);
      return factory;
    }

    @Bean("transactionManager")
    @Primary
    JpaTransactionManager transactions(EntityManagerFactory factory) {
      return new JpaTransactionManager(factory);
    }
  }
}

//! The French of the descriptions that are written in English at their Rust types and status codes.
//! Types with few descriptions give the French themselves, as the member `x-fr` of their schema.

/// English and French. A test checks that no description of the French document is missing here.
const TEXTS: &[(&str, &str)] = &[
    ("A URN that identifies the kind of problem.", "URN qui identifie le type de problème."),
    ("The kind of problem, in a few words.", "Le type de problème en quelques mots."),
    ("The status code.", "Le code d’état."),
    ("Number of the line in the request, from 1.", "Numéro de la ligne dans la requête, dès 1."),
    ("The problem of one line of a batch.", "Le problème d’une ligne d’un lot."),
    ("One line of the response to a batch.", "Une ligne de la réponse à un lot."),
    ("What is wrong with this request.", "Ce qui ne va pas dans cette requête."),
    ("A value that was refused.", "Une valeur refusée."),
    (
        "Name of the parameter, body member or header.",
        "Nom du paramètre, du membre du corps ou de l’en-tête.",
    ),
    ("Its value; empty if it is missing.", "Sa valeur ; vide si elle manque."),
    ("Why it was refused.", "Pourquoi elle est refusée."),
    (
        "The values that were refused, the first hundred of them.",
        "Les valeurs refusées, les cent premières.",
    ),
    ("Number of further values that were refused.", "Nombre d’autres valeurs refusées."),
    (
        "Why nothing can be written, if so.",
        "Pourquoi rien ne peut être enregistré, le cas échéant.",
    ),
    ("The line was refused.", "La ligne a été refusée."),
    (
        "Not every refused line was described; always the last line.",
        "Toutes les lignes refusées n’ont pas été décrites ; toujours la dernière ligne.",
    ),
    (
        "The same as `type`, under the name that OGC API – Features 1.0 requires.",
        "Comme `type`, sous le nom qu’exige OGC API – Features 1.0.",
    ),
    (
        "The same as `detail`, under the name that OGC API – Features 1.0 requires.",
        "Comme `detail`, sous le nom qu’exige OGC API – Features 1.0.",
    ),
    ("A problem document (RFC 9457).", "Un document de problème (RFC 9457)."),
    ("One jurisdiction of the service.", "Une ville de ce service."),
    ("The imports that are kept.", "Les imports conservés."),
    ("How far an import has come.", "Où en est un import."),
    ("The counts of an import.", "Les nombres d’un import."),
    ("What a file was recognised as.", "Comment un fichier a été reconnu."),
    ("A column of the file.", "Une colonne du fichier."),
    (
        "What people chose; null where they chose nothing.",
        "Ce que les personnes ont choisi ; null où elles n’ont rien choisi.",
    ),
    (
        "The first rows as they would be imported.",
        "Les premières lignes comme elles seraient importées.",
    ),
    (
        "A row: the report that it becomes, or why it is refused.",
        "Une ligne : la demande qu’elle devient, ou pourquoi elle est refusée.",
    ),
    ("The jurisdictions of the service.", "Les villes de ce service."),
    ("A group of services.", "Un groupe de services."),
    ("A service.", "Un service."),
    ("A text in both languages.", "Un texte dans les deux langues."),
    ("Separated by commas.", "Séparés par des virgules."),
    (
        "A question that a service asks the sender of a report (Open311: service attribute).",
        "Une question que le service pose au demandeur (Open311 : service attribute).",
    ),
    ("One of the answers that a question offers.", "L’une des réponses que la question propose."),
    ("The services of a city and their groups.", "Les services d’une ville et leurs groupes."),
    (
        "The revision of the city that the response reflects.",
        "La révision de la ville que reflète la réponse.",
    ),
    ("Number of features in this page.", "Nombre d’entités de cette page."),
    (
        "For clusters: number of reports in the bounding box.",
        "Pour des groupes : nombre de demandes dans le rectangle.",
    ),
    (
        "For clusters: number of smaller clusters that were left out.",
        "Pour des groupes : nombre de groupes plus petits qui sont omis.",
    ),
    (
        "True if there are more features after the last one.",
        "Vrai s’il y a d’autres entités après la dernière.",
    ),
    ("The address of the next page.", "L’adresse de la page suivante."),
    ("The features.", "Les entités."),
    ("A page of features.", "Une page d’entités."),
    ("Longitude and latitude in degrees.", "Longitude et latitude en degrés."),
    ("A GeoJSON point.", "Un point GeoJSON."),
    ("The properties of the feature.", "Les propriétés de l’entité."),
    ("A GeoJSON feature.", "Une entité GeoJSON."),
    ("One step of a report's history.", "Une étape de l’historique d’une demande."),
    ("RFC 3339.", "RFC 3339."),
    ("The kind of a step.", "Le type d’étape."),
    ("A changed field with both values.", "Un champ modifié et ses deux valeurs."),
    ("Its steps, oldest first.", "Ses étapes, les plus anciennes d’abord."),
    ("The history of a report.", "L’historique d’une demande."),
    (
        "Name and contact details of the sender of a report, as far as given.",
        "Nom et coordonnées du demandeur, s’il les a donnés.",
    ),
    ("A likely duplicate in short form.", "Un doublon probable, en résumé."),
    (
        "For a new report, if the request asks for them: reports that it may duplicate.",
        "Pour une nouvelle demande, si la requête le veut : les demandes dont elle est peut-être \
         un doublon.",
    ),
    (
        "For a closed report: the ids of its duplicates that are still open.",
        "Pour une demande fermée : les numéros de ses doublons encore ouverts.",
    ),
    (
        "A report that was created or changed, with related reports.",
        "Une demande créée ou modifiée, et les demandes liées.",
    ),
    (
        "False if a report was sent and is not created until its sender chooses.",
        "Faux si la demande envoyée n’est pas créée avant que son auteur choisisse.",
    ),
    ("Request if it is the same problem.", "Requête à envoyer si c’est le même problème."),
    ("Request if it is another problem.", "Requête à envoyer si c’est un autre problème."),
    ("How the sender chooses.", "Comment choisir."),
    (
        "Incidents that may be the same problem, most probable first.",
        "Incidents qui sont peut-être le même problème, les plus probables d’abord.",
    ),
    (
        "The report of the incident that was compared.",
        "La demande de l’incident qui a été comparée.",
    ),
    (
        "The features from which the model computes the probability.",
        "Les variables du modèle dont vient la probabilité.",
    ),
    (
        "One incident that may be the same problem.",
        "Un incident qui est peut-être le même problème.",
    ),
    ("In pixels.", "En pixels."),
    (
        "Addresses of a stored photo and its thumbnail, its size, and where it was taken.",
        "Adresses d’une photo conservée et de sa vignette, taille et lieu de la prise de vue.",
    ),
    ("Id of the original.", "Numéro de l’originale."),
    (
        "Number of its reports, including the original.",
        "Nombre de ses demandes, l’originale comprise.",
    ),
    (
        "True if some reports are left out; those with the greatest ids are.",
        "Vrai si des demandes sont omises ; ce sont celles des plus grands numéros.",
    ),
    (
        "Number of listed reports that are not closed.",
        "Nombre de demandes de la liste qui ne sont pas fermées.",
    ),
    ("A change of an incident's membership.", "Un changement des demandes d’un incident."),
    ("The change that this one undoes.", "Le changement que celui-ci annule."),
    ("The change that undid this one.", "Le changement qui a annulé celui-ci."),
    ("A report that this change moved.", "Une demande que ce changement a déplacée."),
    (
        "Its original before the change; null if it was not a duplicate.",
        "Son originale avant le changement ; null si elle n’était pas un doublon.",
    ),
    (
        "Its original after the change; null if it is no longer a duplicate.",
        "Son originale après le changement ; null si elle n’est plus un doublon.",
    ),
    (
        "Changes of its membership, oldest first.",
        "Les changements de ses demandes, les plus anciens d’abord.",
    ),
    ("An incident: a report with its duplicates.", "Un incident : une demande et ses doublons."),
    (
        "The indexed fields of a report, and its distance in searches around a position.",
        "Les champs indexés d’une demande, et sa distance dans une recherche autour d’une \
         position.",
    ),
    (
        "A point of the map: a cluster or a single report.",
        "Un point de la carte : un groupe ou une seule demande.",
    ),
    (
        "The lowest zoom at which it splits; null if its reports share one position.",
        "Le premier zoom où il se divise ; null si ses demandes ont toutes la même position.",
    ),
    ("The properties of a cluster.", "Les propriétés d’un groupe."),
    (
        "Number of cells in the city's extent, over which the statistic is computed.",
        "Nombre de cellules de l’étendue de la ville, sur lesquelles porte la statistique.",
    ),
    ("Reports in them.", "Nombre de demandes dans ces cellules."),
    ("A time window.", "Une période."),
    ("Rings of neighbours.", "Nombre d’anneaux de voisins."),
    (
        "The test of the hexagons, or why it was not possible.",
        "Le test des hexagones, ou pourquoi il est impossible.",
    ),
    ("A collection of features.", "Une collection d’entités."),
    ("Its H3 index.", "Son indice H3."),
    ("A hexagon.", "Un hexagone."),
    ("The tested time window.", "La période testée."),
    ("True if the test was possible.", "Vrai si le test est possible."),
    ("H3 resolution of the cells.", "Résolution H3 des cellules."),
    ("Rings of neighbours of each cell.", "Nombre d’anneaux de voisins de chaque cellule."),
    ("Number of cells that were tested.", "Nombre de cellules testées."),
    ("What the counts were compared with.", "Ce avec quoi les nombres sont comparés."),
    ("Accepted false discovery rate.", "Taux de fausses découvertes accepté."),
    ("Why the test was not possible.", "Pourquoi le test est impossible."),
    ("The test and its parameters.", "Le test et ses paramètres."),
    (
        "Reports in the window, in the whole city.",
        "Nombre de demandes de la période, dans toute la ville.",
    ),
    ("Least number of reports of a hotspot.", "Nombre minimal de demandes d’un point chaud."),
    (
        "Least ratio of the number of reports of a hotspot to the expected number.",
        "Rapport minimal du nombre de demandes d’un point chaud au nombre attendu.",
    ),
    (
        "Greatest age of a hotspot's newest report at the end of the window, in days.",
        "Âge maximal de la demande la plus récente d’un point chaud à la fin de la période, en \
         jours.",
    ),
    (
        "`count` divided by `expected`; null where `expected` is below 1.",
        "`count` divisé par `expected` ; null si `expected` est inférieur à 1.",
    ),
    (
        "The reports from whose share of the place `expected` follows.",
        "Les demandes dont la part du lieu donne `expected`.",
    ),
    (
        "The population that a hotspot was compared with.",
        "La population à laquelle un point chaud est comparé.",
    ),
    (
        "The reports from whose share of the place `expected` follows: of all services in the same \
         period, or in a year; `cells`: every hexagon expects the same.",
        "Les demandes dont la part du lieu donne `expected` : de tous les services, de la même \
         période ou d’une année ; `cells` : chaque hexagone en attend autant.",
    ),
    ("Number of earlier years in `usual`.", "Nombre d’années précédentes dans `usual`."),
    (
        "The first report since the number of reports per day has been higher (last change point); \
         null where it has not changed.",
        "La première demande depuis que leur nombre par jour est plus élevé (dernier point de \
         rupture) ; null s’il n’a pas changé.",
    ),
    (
        "H3 indexes of its cells, each with more reports than expected.",
        "Indices H3 de ses cellules, qui ont chacune plus de demandes qu’attendu.",
    ),
    (
        "H3 indexes of the cells around it whose reports took part in the test.",
        "Indices H3 des cellules qui l’entourent et dont les demandes ont compté dans le test.",
    ),
    (
        "Its number, which stays the same as long as it exists.",
        "Son numéro, qui ne change pas tant qu’il existe.",
    ),
    (
        "Its rank in the list, from 1; null for a single hotspot.",
        "Son rang dans la liste, à partir de 1 ; null pour un point chaud seul.",
    ),
    (
        "Mean count of the same cells in the same weeks of earlier years; null without a complete \
         earlier year, and where `status` is given.",
        "Nombre moyen dans les mêmes cellules et les mêmes semaines des années précédentes ; null \
         sans année précédente complète, et si `status` est donné.",
    ),
    (
        "Count of the same cells in the same weeks a year before.",
        "Nombre dans les mêmes cellules et les mêmes semaines, un an plus tôt.",
    ),
    ("The parts of a hotspot's priority.", "Les composantes de la priorité."),
    ("H3 indexes of its cells.", "Indices H3 de ses cellules."),
    ("One step of a hotspot's history.", "Une étape de l’historique d’un point chaud."),
    (
        "Its history; only for a single hotspot.",
        "Son historique ; seulement pour un point chaud seul.",
    ),
    (
        "True if it has ended. Only for a single hotspot.",
        "Vrai s’il a pris fin. Seulement pour un point chaud seul.",
    ),
    ("A hotspot.", "Un point chaud."),
    (
        "A single hotspot at a revision of the city.",
        "Un point chaud seul, à une révision de la ville.",
    ),
    (
        "A hotspot in its present state, or only its history.",
        "Un point chaud dans son état présent, ou seulement son historique.",
    ),
    (
        "The search that found it, as a query string.",
        "La recherche qui l’a trouvé, comme chaîne de requête.",
    ),
    (
        "The history of a hotspot whose present state is not known.",
        "L’historique d’un point chaud dont l’état présent n’est pas connu.",
    ),
    (
        "The method of clustering and its parameters.",
        "La méthode de regroupement et ses paramètres.",
    ),
    ("Reports that were clustered.", "Nombre de demandes examinées."),
    ("Reports in no cluster.", "Nombre de demandes hors de tout groupe."),
    ("Its rank by number of reports, from 1.", "Son rang par nombre de demandes, à partir de 1."),
    ("Number of core points.", "Nombre de noyaux."),
    ("A density cluster.", "Un groupe par densité."),
    ("True once the first scan has finished.", "Vrai dès que la première recherche est terminée."),
    ("Duration of the scan.", "Durée de la recherche."),
    ("Expected less than once a year by chance.", "Attendue moins d’une fois par an par hasard."),
    ("Expected more often.", "Attendue plus souvent."),
    ("How unlikely an alert is.", "À quel point une alerte est improbable."),
    (
        "A cluster of one service that has just begun.",
        "Un groupe de demandes d’un service qui vient de commencer.",
    ),
    ("Number of repairs that were examined.", "Nombre de réparations examinées."),
    (
        "Number of repairs after which the same problem was reported again.",
        "Nombre de réparations après lesquelles le même problème est de nouveau signalé.",
    ),
    (
        "Services whose reports are appointments; they are examined only if the filter names them.",
        "Services dont les demandes sont des rendez-vous ; ils ne sont examinés que si le filtre \
         les nomme.",
    ),
    (
        "Shortest time from a repair to the next report, in days.",
        "Plus court délai entre une réparation et la demande suivante, en jours.",
    ),
    ("A place where repairs did not last.", "Un lieu où les réparations n’ont pas duré."),
    (
        "The revision of the city that the counts reflect.",
        "La révision de la ville que reflètent les nombres.",
    ),
    ("Reports with an exact position.", "Nombre de demandes dont la position est exacte."),
    (
        "Reports at a default position of their source, such as a city hall.",
        "Nombre de demandes à une position par défaut de leur source, comme l’hôtel de ville.",
    ),
    ("Reports without a position.", "Nombre de demandes sans position."),
    (
        "Quartiles and 90th percentile of the time from creation to closing, in hours.",
        "Quartiles et 90e centile du délai entre création et fermeture, en heures.",
    ),
    (
        "Longitude and latitude of the mean position of its reports.",
        "Longitude et latitude de la position moyenne de ses demandes.",
    ),
    (
        "Number of standing hotspots of these services; null where the filter restricts anything \
         else, because they are found in the whole city.",
        "Nombre de points chauds actuels de ces services ; null si le filtre restreint autre \
         chose, car ils sont cherchés dans toute la ville.",
    ),
    (
        "Number of alerts of these services; null before the first scan, and where the number of \
         hotspots is.",
        "Nombre d’alertes de ces services ; null avant la première recherche, et si celui des \
         points chauds l’est.",
    ),
    ("Counts under a filter.", "Nombres de demandes sous un filtre."),
    ("A boundary set.", "Un découpage en secteurs."),
    ("Number of areas.", "Nombre de secteurs."),
    ("The boundary sets of a city.", "Les découpages d’une ville en secteurs."),
    ("All areas of a boundary set.", "Tous les secteurs d’un découpage."),
    ("An area of a boundary set.", "Un secteur d’un découpage."),
    ("West, south, east, north in degrees.", "Ouest, sud, est, nord en degrés."),
    ("A layer inside the tiles.", "Une couche dans les tuiles."),
    ("The TileJSON of a layer.", "Le TileJSON d’une couche."),
    ("A link (OGC API – Common).", "Un lien (OGC API – Common)."),
    ("The link relation.", "La relation du lien."),
    (
        "The media type of the target; omitted if it is not known.",
        "Le type de média de la cible ; omis s’il n’est pas connu.",
    ),
    (
        "The systems that `crs` and `bbox-crs` take.",
        "Les systèmes que prennent `crs` et `bbox-crs`.",
    ),
    ("Omitted while the collection has no features.", "Omise tant que la collection est vide."),
    (
        "A JSON Schema of properties of a collection's features.",
        "Un schéma JSON de propriétés des entités d’une collection.",
    ),
    ("The address of the target, or a URI template.", "L’adresse de la cible, ou un modèle d’URI."),
    ("The title of the target.", "Le titre de la cible."),
    ("True if the address is a URI template.", "Vrai si l’adresse est un modèle d’URI."),
    ("The landing page.", "La page d’accueil."),
    ("The conformance classes of the service.", "Les classes de conformité du service."),
    ("The collections of a city.", "Les collections d’une ville."),
    ("The extent of a collection's features.", "L’étendue des entités d’une collection."),
    ("The metadata of a collection.", "Les métadonnées d’une collection."),
    (
        "The schema of a collection's queryables.",
        "Le schéma des propriétés utilisables dans un filtre.",
    ),
    ("When the response was generated.", "Quand la réponse a été produite."),
    (
        "The revision of the city that the page reflects.",
        "La révision de la ville que reflète la page.",
    ),
    ("Number of features in all pages.", "Nombre d’entités de toutes les pages."),
    (
        "Links to the page itself, to its other format, and to the next and the previous page.",
        "Liens vers la page elle-même, son autre format, la page suivante et la précédente.",
    ),
    ("Only for a single feature.", "Seulement pour une entité seule."),
    ("A feature of any collection.", "Une entité d’une collection."),
    (
        "The tiles of a collection, on each grid.",
        "Les tuiles d’une collection, dans chaque grille.",
    ),
    (
        "A JSON Schema of the properties of a layer's features.",
        "Un schéma JSON des propriétés des entités d’une couche.",
    ),
    ("A layer of tiles.", "Une couche de tuiles."),
    ("Omitted in lists.", "Omis dans les listes."),
    (
        "The ranges of columns and rows of a zoom that have data.",
        "Les intervalles de colonnes et de rangées d’un zoom qui ont des données.",
    ),
    (
        "The ranges of columns and rows that have data. Omitted in lists.",
        "Les intervalles de colonnes et de rangées qui ont des données. Omis dans les listes.",
    ),
    ("The bounding box of all data.", "Le rectangle qui englobe toutes les données."),
    (
        "The metadata of a collection's tiles in a tile matrix set.",
        "Les métadonnées des tuiles d’une collection dans une grille.",
    ),
    ("A tile matrix set in a list.", "Une grille de tuiles dans une liste."),
    ("The grids of tiles.", "Les grilles de tuiles."),
    ("The grid of one zoom.", "La grille d’un zoom."),
    ("A tile matrix set: one grid for each zoom.", "Une grille de tuiles pour chaque zoom."),
    ("The process is alive.", "Le processus fonctionne."),
    (
        "Whether the index of a city has caught up with the store.",
        "Si l’index d’une ville est à jour.",
    ),
    (
        "Revisions of the store that the index has not applied yet.",
        "Révisions que l’index n’a pas encore appliquées.",
    ),
    ("Whether the indexes have caught up with the store.", "Si les index sont à jour."),
    ("The response to a new report.", "La réponse à une nouvelle demande."),
    ("The report was created.", "La demande est créée."),
    (
        "Nothing was created yet: the sender has to choose among likely duplicates.",
        "Rien n’est encore créé : il faut choisir parmi des doublons probables.",
    ),
    ("A form with one photo.", "Un formulaire avec une photo."),
    ("problem", "problème"),
    ("refused", "refusée"),
    ("not found", "introuvable"),
    ("ok", "ok"),
    ("not modified", "non modifiée"),
    ("too large", "trop grande"),
    ("too many", "trop de requêtes"),
    ("unsupported media type", "type de contenu refusé"),
    ("not acceptable", "type de réponse inacceptable"),
    ("conflict", "conflit"),
    ("forbidden", "interdite"),
    ("changed", "modifiée"),
    ("empty", "vide"),
    ("created", "créée"),
    ("to be confirmed", "à confirmer"),
    ("stale", "révision dépassée"),
    ("one line for each", "une ligne pour chacune"),
    ("stored", "conservée"),
    ("begun", "commencé"),
    ("removed", "retiré"),
    ("unavailable", "indisponible"),
    ("no valid key", "sans clé valable"),
    ("missing or wrong key", "clé absente ou incorrecte"),
    ("not yet", "pas encore"),
];

/// The French of a description; `None` if the table has none.
pub fn french(english: &str) -> Option<&'static str> {
    let found = TEXTS.iter().find(|(known, _)| *known == english);
    found.map(|(_, french)| *french)
}
